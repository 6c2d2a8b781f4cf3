import { decide } from "../../model/decide.ts";
import type { Request } from "../../model/request.ts";
import type { Call } from "../calls/call.ts";
import {
  type Answer,
  CONTINUE,
  goesOn,
  type Outcome,
  type Refusal,
  telling,
  type Unable,
} from "./outcome.ts";

/**
 * The answer of a rehearsal: the call goes on, with an event for a request outside the domain or
 * one that the mediator could not judge. Requests for Cofferdam's own objects are refused at every
 * level (`model/verdict.ts`). `also`: a further refusal of this call.
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
 * Without a request the mediator could not judge the call. It may succeed next time, so no verdict
 * is remembered.
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
  return refusal === null ? answer : telling("warning", [refusal], answer);
}

/** Whether the answer is only about permissions of names, with an event for each of them. */
function isAboutNames(answer: Answer): boolean {
  if (answer.kind !== "reported") return answer.kind === "continue";
  const { verdict, refusal } = answer;
  return verdict === "warning" && refusal.class === "name" && isAboutNames(answer.answer);
}

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

function belongsToCofferdam(call: Call, request: Request): boolean {
  const decision = decide(call.broker.policy, request);
  return decision.outcome === "denied" && decision.reason === "own-object";
}
