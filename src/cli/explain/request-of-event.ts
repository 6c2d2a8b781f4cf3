import { ALL_DOMAINS } from "../../events/audit-catalogue.ts";
import { DRIFT, driftExplained } from "../../events/drift-event.ts";
import type { Event } from "../../events/event.ts";
import { readRequest } from "../../events/logged-request.ts";
import type { Request } from "../../model/request.ts";
import { requestOfOldRecord } from "./old-record.ts";

/** The request of an event, or a sentence that says why the policy cannot be asked about it. */
export type RequestOfEvent =
  | { readonly kind: "request"; readonly request: Request }
  | { readonly kind: "nothing"; readonly why: string };

export function requestOfEvent(event: Event): RequestOfEvent {
  const { verdict, class: kind, domain } = event;
  if (verdict === "audit" || kind === "lifecycle" || domain === ALL_DOMAINS)
    return nothing("Nothing was denied: this is about Cofferdam itself.");
  if (kind === DRIFT) return nothing(driftExplained(event));
  if (event.request === undefined) return ofOldRecord(event);
  if (event.request === null) return nothing(beyondRules(event));
  const read = readRequest(event.request);
  if (read.state === "good") return { kind: "request", request: read.value };
  return nothing(
    `This Cofferdam does not know the request in this record (${read.problem}): another version ` +
      "wrote it.",
  );
}

function ofOldRecord(event: Event): RequestOfEvent {
  // No rule decided these events, and their words never name a request.
  if (event.reason === "never" || event.reason === "own-object") return nothing(beyondRules(event));
  const request = requestOfOldRecord(event);
  if (request !== null) return { kind: "request", request };
  return nothing(
    "This record was written before records held the request, and its words leave open what was " +
      "asked: `cofferdam explain` answers for what you name.",
  );
}

function beyondRules({ source, domain, allow }: Event): string {
  if (source === "kernel" && allow !== null)
    return (
      "The kernel reported only a part of the request, so no rule can be named: the line above " +
      "allows everything that it can have been."
    );
  return `No single rule of the policy of ${domain} is about this.`;
}

function nothing(why: string): RequestOfEvent {
  return { kind: "nothing", why };
}
