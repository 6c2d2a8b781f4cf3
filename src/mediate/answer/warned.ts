import { decide } from "../../model/decide.ts";
import type { Request } from "../../model/request.ts";
import type { Call } from "../calls/call.ts";
import {
  type Answer,
  CONTINUE,
  goesOn,
  type Outcome,
  type Refusal,
  type Unable,
} from "./outcome.ts";

/**
 * The answer of a rehearsal: the call goes on, with an event for a request outside the domain or
 * one that the mediator could not judge. Cofferdam's own objects are refused at every level
 * (`model/verdict.ts`).
 */
export function warned(call: Call, outcome: Exclude<Outcome, Unable>): Answer {
  switch (outcome.kind) {
    case "granted":
      call.broker.verdicts.remember(call, CONTINUE);
      return CONTINUE;
    case "worker":
    case "vanished":
    case "reported":
      return outcome;
    case "refused":
      return isOwn(call, outcome.refusal) ? outcome : letGoOn(call, outcome.refusal);
    default:
      return CONTINUE;
  }
}

/**
 * Without a request the mediator could not judge the call. It may be able to next time, so the
 * verdict is not remembered.
 */
function letGoOn(call: Call, refusal: Refusal): Answer {
  const outcome = goesOn(refusal);
  if (refusal.request !== null) call.broker.verdicts.remember(call, outcome);
  return outcome;
}

/** Whether the refusal protects one of Cofferdam's own objects. */
export function isOwn(call: Call, { reason, request }: Refusal): boolean {
  if (reason === "own-object") return true;
  if (request === null) return false;
  if (request.class !== "two-names") return belongsToCofferdam(call, request);
  const { from, to } = request;
  // A new name for an object of Cofferdam's would be a way to it.
  return (
    belongsToCofferdam(call, { class: "name", operation: "write", path: from }) ||
    belongsToCofferdam(call, { class: "name", operation: "create", path: to })
  );
}

export function belongsToCofferdam(call: Call, request: Request): boolean {
  const decision = decide(call.broker.policy, request);
  return decision.outcome === "denied" && decision.reason === "own-object";
}
