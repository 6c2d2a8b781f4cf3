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
 * A test for `--domain`, `--since` and `--verdict`. @throws CommandError for values without a
 * meaning
 */
export function wantedEvents({ domain, since, verdict }: Options): (event: Event) => boolean {
  const from = typeof since === "string" ? parseSince(since, Date.now()) : Number.NEGATIVE_INFINITY;
  const outcome = typeof verdict === "string" ? parseVerdict(verdict) : null;
  return (event) =>
    (domain === undefined || event.domain === domain || concernsAll(event)) &&
    (outcome === null || event.verdict === outcome) &&
    Date.parse(event.time) >= from;
}

/** A gap in the log may have contained events of any domain. */
function concernsAll({ domain, source }: Event): boolean {
  return domain === ALL_DOMAINS || source === "log";
}

function parseVerdict(word: string): Event["verdict"] {
  const found = verdicts.find((one) => one === word);
  if (found !== undefined) return found;
  const meant = nearest(word, verdicts);
  const help =
    meant === null ? `the verdicts are ${verdicts.join(", ")}` : `did you mean \`${meant}\`?`;
  throw new CommandError(`\`${word}\` is not a verdict`, help, ExitCode.usage);
}

/**
 * The start of a period in milliseconds since 1970. `text`: a length of time before `now`, or a
 * date with or without a time of day. The time zone is the caller's, unless the text has one.
 */
export function parseSince(text: string, now: number): number {
  if (/^\d+[a-z]$/.test(text)) return now - parseDuration(text) * 1_000;
  const date = /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00` : text.replace(" ", "T");
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(date) ? Date.parse(date) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw new CommandError(
    `\`${text}\` is not a time`,
    "write 30m, 2h, 7d, or a date like 2026-01-31 or 2026-01-31T16:00",
    ExitCode.usage,
  );
}
