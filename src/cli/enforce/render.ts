import { printable } from "../../base/printable.ts";
import { wrap } from "../../base/wrap.ts";
import { verdictWords } from "../ready/render.ts";
import { lengthOfTime } from "../render/local-time.ts";
import { renderRestarts } from "../render/restarts.ts";
import { table } from "../render/table.ts";
import type { EnforcedDomain } from "./all.ts";
import type { Enforced } from "./enforce.ts";
import type { Seen } from "./watch.ts";

/** Denials that are shown; `cofferdam events` has them all. */
const DENIALS_SHOWN_MAX = 10;

export function renderEnforced(domain: string, done: Enforced, width: number): string {
  const { outcome, seen, level, back, keeping } = done;
  const lines = [
    ...headline(domain, done),
    ...back.map((line) => `  ${line}`),
    ...seenLines(domain, seen),
  ];
  const text = lines.map((line) => `${wrap(printable(line), width, "    ")}\n`).join("");
  const live =
    outcome.state === "passed" && keeping.length === 0
      ? `  supervised processes stay so until a restart: cofferdam domain restart ${domain}\n`
      : "";
  const sealed = done.restarted.length > 0 ? "" : live;
  return `${text}${renderRestarts(keeping, "level")}${level === "enforcing" ? sealed : ""}`;
}

/** One row a domain. */
export function renderEnforcedAll(all: readonly EnforcedDomain[], width: number): string {
  if (all.length === 0) return "No domain that is in use is at another level than enforcing.\n";
  const rows = all.map((one) => [one.domain, one.enforced?.level ?? "-", printable(whatOf(one))]);
  return table([["domain", "level", ""], ...rows], width);
}

function whatOf({ domain, enforced, failed, readiness }: EnforcedDomain): string {
  if (failed !== null || readiness === null) return failed ?? "";
  if (enforced === null) {
    const against = readiness.reasons.find(({ says }) => says === readiness.verdict);
    return `${verdictWords[readiness.verdict]}: ${against?.text}; cofferdam ready ${domain}`;
  }
  const { outcome, seen, keeping } = enforced;
  const denied =
    seen.denied === 0
      ? "nothing was denied"
      : `denied ${counted(seen.denied, "time")}: cofferdam events --domain ${domain}`;
  const kept = keeping.length === 0 ? "" : `; ${counted(keeping.length, "run")} to be restarted`;
  return outcome.state === "passed"
    ? `watched for ${lengthOfTime(seen.seconds)}: ${denied}${kept}`
    : `back after ${lengthOfTime(seen.seconds)}: ${outcome.why}; ${denied}`;
}

function headline(domain: string, { outcome, seen }: Enforced): readonly string[] {
  const time = lengthOfTime(seen.seconds);
  switch (outcome.state) {
    case "passed":
      return [`${domain}: enforcing: it was watched for ${time} and went on`];
    case "failed":
      return [`${domain}: back at level warning after ${time}: ${outcome.why}`];
    case "interrupted":
      return [
        `${domain}: back at level warning after ${time}: the watch was ended by ${outcome.why}`,
      ];
  }
}

function seenLines(domain: string, { denials, denied, lost, ended }: Seen): readonly string[] {
  const more = denials.length - DENIALS_SHOWN_MAX;
  return [
    denied === 0 ? "  nothing was denied" : `  denied ${counted(denied, "time")}:`,
    ...denials
      .slice(0, DENIALS_SHOWN_MAX)
      .map(({ access, seq, count }) => `    ${access}: ${count} (cofferdam why ${seq})`),
    ...(more > 0 ? [`    and ${more} more: cofferdam events --domain ${domain}`] : []),
    ...(lost === 0
      ? []
      : [`  ${counted(lost, "event")} without a record: more was denied, perhaps`]),
    ...(ended.length === 0 ? [] : [`  ended meanwhile: process ${ended.join(", ")}`]),
  ];
}

function counted(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
