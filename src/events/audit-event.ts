import type { Level } from "../model/policy.ts";
import type { By } from "./audit-catalogue.ts";
import type { Event } from "./event.ts";
import { stamp } from "./identity.ts";
import { readProcess } from "./process-info.ts";

interface Subject {
  readonly domain: string;
  readonly number: number | null;
  readonly level: Level;
}

/** A change that an auditor must see, and for which ESXi has no name. */
export function auditEvent(subject: Subject, operation: string, object: string, by: By): Event {
  return { ...ownEvent(subject, operation, object), class: "audit", verdict: "audit", by };
}

/** Cofferdam itself could not do something. */
export function failedEvent(subject: Subject, operation: string, object: string): Event {
  return { ...ownEvent(subject, operation, object), verdict: "failed" };
}

/** For events that belong to no domain. */
export const theHost: Subject = { domain: "superDom", number: 0, level: "disabled" };

function ownEvent(
  { domain, number, level }: Subject,
  operation: string,
  object: string,
): Omit<Event, "verdict"> {
  return {
    ...stamp(),
    ...{ domain, number, level, operation, object },
    engine: "landlock",
    source: "agent",
    class: "lifecycle",
    request: null,
    process: readProcess(process.pid),
    rule: null,
    reason: null,
    allow: null,
    count: 1,
  };
}
