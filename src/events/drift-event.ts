import { printable } from "../base/printable.ts";
import type { Event } from "./event.ts";
import { stamp } from "./identity.ts";
import { readProcess } from "./process-info.ts";

/** As `class` of an event: a granted name of a sealed run has changed since the run's start. */
export const DRIFT = "drift";

/** As its `operation`. `restored`: the name reaches again what it did at the start. */
export type DriftChange = "replaced" | "gone" | "appeared" | "restored";

const words: Readonly<Record<DriftChange, string>> = {
  replaced: "was replaced: what has the name now is refused until a restart",
  gone: "is gone: what gets the name later is refused until a restart",
  appeared: "was not there at the start: it is refused until a restart",
  restored: "is again what it was at the start",
};

export interface DriftRecord extends Pick<Event, "domain" | "number" | "level"> {
  readonly pid: number;
  readonly path: string;
  readonly change: DriftChange;
  /** What the reader must know beside that. */
  readonly note: string | null;
}

export function driftEvent({ pid, path, change, note, ...run }: DriftRecord): Event {
  const help = [change === "restored" ? null : restartOf(run.domain), note];
  const sentences = help.filter((text) => text !== null).join("; ");
  return {
    ...stamp(),
    ...run,
    engine: "landlock",
    source: "agent",
    verdict: "noted",
    class: DRIFT,
    operation: change,
    object: path,
    request: null,
    process: readProcess(pid),
    rule: null,
    reason: null,
    allow: null,
    ...(sentences === "" ? {} : { help: sentences }),
    count: 1,
  };
}

function restartOf(domain: string): string {
  return `cofferdam domain restart ${domain}`;
}

/** Safe for a terminal; null for an event of another class. */
export function driftSentence(event: Event): string | null {
  if (event.class !== DRIFT) return null;
  const { operation, object } = event;
  const what = isChange(operation) ? words[operation] : operation;
  return printable(`process ${event.process.pid} was granted ${object}, which ${what}`);
}

function isChange(operation: string): operation is DriftChange {
  return Object.hasOwn(words, operation);
}

/** What `why` says of it. */
export function driftExplained({ domain, operation }: Event): string {
  const rules =
    "Nothing was denied. The kernel's rules of a sealed process are on the objects that had the " +
    "granted names when it started. ";
  if (operation === "restored") return `${rules}The name has this object again.`;
  return (
    `${rules}The policy grants the name still, so a restart gives it the present object: ` +
    `${restartOf(domain)}. How it is now: cofferdam domain stale.`
  );
}
