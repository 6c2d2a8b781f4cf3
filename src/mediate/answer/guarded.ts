import type { Call } from "../calls/call.ts";
import type { Handler } from "../calls/handler.ts";
import { E } from "../sys/abi.ts";
import { CONTINUE, error, type Outcome, ofConfined, unable } from "./outcome.ts";
import { outcomeOf } from "./settled.ts";

/**
 * Runs a handler. Only here CONTINUE leaves the mediator, and only if the handler shows that it is
 * safe. The mediator makes no call for a target whose view of the host differs from its own.
 */
export function guarded(call: Call, handler: Handler): Outcome {
  if (handler.leftAtOnce?.(call) && handler.continueIsSafe(call)) return CONTINUE;
  if (!handler.fallsToKernel?.(call)) return judged(call, handler);
  const outcome = outcomeOf(() => judged(call, handler));
  const isUnjudged = outcome.kind === "refused" || outcome.kind === "unable";
  return isUnjudged && handler.continueIsSafe(call) ? CONTINUE : outcome;
}

function judged(call: Call, handler: Handler): Outcome {
  const foreign = handler.onlyLooks
    ? call.target.foreign()
    : call.confinementOn(handler.actsOn ?? "names");
  if (foreign !== null) return byItself(call, handler, foreign);
  const outcome = handler.answer(call);
  if (outcome.kind !== "continue" || handler.continueIsSafe(call)) return outcome;
  const why = call.supervised
    ? "it could change before the kernel looks at it"
    : "not checked by this domain's Landlock layer";
  return unable(E.ACCES, call.name, why);
}

/**
 * A target with a confinement or namespaces of its own makes the call itself or not at all: a call
 * by the mediator would bypass these (`Call.effect`).
 */
function byItself(call: Call, handler: Handler, foreign: string): Outcome {
  call.check();
  if (handler.continueIsSafe(call)) return CONTINUE;
  return call.fallsBack ? error(E.NOSYS) : ofConfined(call.name, foreign);
}
