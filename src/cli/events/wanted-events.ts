import { nearest } from "../../diagnostics/nearest.ts";
import { ALL_DOMAINS } from "../../events/audit-catalogue.ts";
import type { Event } from "../../events/event.ts";
import { ExitCode } from "../../host/exit-code.ts";
import { CommandError, type Options } from "../command.ts";
import { parseDuration } from "../duration.ts";

export const verdicts = [
  "denied",
  "warning",
  "noted",
  "failed",
  "audit",
] as const satisfies readonly Event["verdict"][];

/**
 * `--domain`, `--since` and `--verdict` as one question. @throws CommandError for values that mean
 * nothing
 */
export function wantedEvents({ domain, since, verdict }: Options): (event: Event) => boolean {
  const from = typeof since === "string" ? parseSince(since, Date.now()) : Number.NEGATIVE_INFINITY;
  const outcome = typeof verdict === "string" ? parseVerdict(verdict) : null;
  return (event) =>
    (domain === undefined || event.domain === domain || concernsAll(event)) &&
    (outcome === null || event.verdict === outcome) &&
    Date.parse(event.time) >= from;
}

/** What is lost in the log may have been anybody's. */
function concernsAll({ domain, source }: Event): boolean {
  return domain === ALL_DOMAINS || source === "log";
}

function parseVerdict(word: string): Event["verdict"] {
  const found = verdicts.find((one) => one === word);
  if (found !== undefined) return found;
  const meant = nearest(word, verdicts);
  const help =
    meant === null ? `the verdicts are ${verdicts.join(", ")}` : `did you mean \`${meant}\`?`;
  throw new CommandError(`\`${word}\` is no verdict`, help, ExitCode.usage);
}

/**
 * A length of time before `now`, or a date with or without a time of day, in the caller's time zone
 * unless it names one. Milliseconds.
 */
export function parseSince(text: string, now: number): number {
  if (/^\d+[a-z]$/.test(text)) return now - parseDuration(text) * 1_000;
  const date = /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00` : text.replace(" ", "T");
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(date) ? Date.parse(date) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw new CommandError(
    `\`${text}\` is no time`,
    "write 30m, 2h, 7d, or a date like 2026-01-31 or 2026-01-31T16:00",
    ExitCode.usage,
  );
}
