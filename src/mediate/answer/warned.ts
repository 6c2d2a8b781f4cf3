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
 * (`model/verdict.ts`). `also`: what else of this call is outside.
 */
export function warned(
  call: Call,
  outcome: Exclude<Outcome, Unable>,
  also: Refusal | null = null,
): Answer {
  switch (outcome.kind) {
    case "granted":
      return remembered(call, warnedOf(also, CONTINUE));
    case "worker":
    case "vanished":
      return outcome;
    case "reported": {
      const answer = warnedOf(also, outcome);
      return isAboutNames(outcome) ? remembered(call, answer) : answer;
    }
    case "refused":
      return isOwn(call, outcome.refusal) ? outcome : letGoOn(call, outcome.refusal, also);
    default:
      return warnedOf(also, CONTINUE);
  }
}

/**
 * Without a request the mediator could not judge the call. It may be able to next time, so the
 * verdict is not remembered.
 */
function letGoOn(call: Call, refusal: Refusal, also: Refusal | null): Answer {
  const answer = warnedOf(also, goesOn(refusal));
  return refusal.request === null ? answer : remembered(call, answer);
}

function remembered(call: Call, answer: Answer): Answer {
  call.broker.verdicts.remember(call, answer);
  return answer;
}

function warnedOf(refusal: Refusal | null, answer: Answer): Answer {
  return refusal === null ? answer : { kind: "reported", verdict: "warning", refusal, answer };
}

/** The policy does not grant some permissions of a name, all told here, and the call goes on. */
function isAboutNames(answer: Answer): boolean {
  if (answer.kind !== "reported") return answer.kind === "continue";
  const { verdict, refusal } = answer;
  return verdict === "warning" && refusal.class === "name" && isAboutNames(answer.answer);
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
