import type { Actor } from "../domains/levels.ts";
import type { Event } from "../events/event.ts";
import { stamp } from "../events/identity.ts";
import { readProcess } from "../events/process-info.ts";
import type { Level } from "../model/policy.ts";

/** Whose order it is when a level's time is over. */
export const byItself: Actor = { uid: 0, name: "cofferdam" };

interface Subject {
  readonly domain: string;
  readonly number: number | null;
  /** In force from now on. */
  readonly level: Level;
}

/** Somebody changed what an auditor must see, and ESXi has no name for. */
export function auditEvent(subject: Subject, operation: string, object: string, by: Actor): Event {
  return { ...agentEvent(subject, operation, object), class: "audit", verdict: "audit", by };
}

/** Something of Cofferdam's own that could not be done. */
export function failedEvent(subject: Subject, operation: string, object: string): Event {
  return { ...agentEvent(subject, operation, object), verdict: "failed" };
}

/** What belongs to no domain. */
export const theHost: Subject = { domain: "superDom", number: 0, level: "disabled" };

function agentEvent({ domain, number, level }: Subject, operation: string, object: string): Omit<Event, "verdict"> {
  return {
    ...stamp(),
    ...{ domain, number, level, operation, object },
    engine: "landlock",
    source: "agent",
    class: "lifecycle",
    process: readProcess(process.pid),
    rule: null,
    reason: null,
    allow: null,
    count: 1,
  };
}
