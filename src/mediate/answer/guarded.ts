import type { Call } from "../calls/call.ts";
import type { Handler } from "../calls/handler.ts";
import { E } from "../sys/abi.ts";
import { CONTINUE, error, type Outcome, ofConfined, unable } from "./outcome.ts";

/**
 * Runs a handler. This is the only way out for CONTINUE, and only where the handler shows that it
 * is safe. The mediator makes no call for a target whose view of the host differs from its own.
 */
export function guarded(call: Call, handler: Handler): Outcome {
  const foreign = confinementFor(call, handler);
  if (foreign !== null) return byItself(call, handler, foreign);
  const outcome = handler.answer(call);
  if (outcome.kind !== "continue" || handler.continueIsSafe(call)) return outcome;
  const why = call.supervised
    ? "it could change before the kernel looks at it"
    : "not checked by this domain's Landlock layer";
  return unable(E.ACCES, call.name, why);
}

function confinementFor(call: Call, handler: Handler): string | null {
  if (handler.onlyLooks) return call.target.foreign();
  return handler.actsOnSockets ? call.confinementOfSockets : call.confinement;
}

/**
 * A target with a confinement or namespaces of its own makes the call itself or not at all: the
 * mediator would act outside of these (`Call.effect`).
 */
function byItself(call: Call, handler: Handler, foreign: string): Outcome {
  call.check();
  if (handler.continueIsSafe(call)) return CONTINUE;
  return call.fallsBack ? error(E.NOSYS) : ofConfined(call.name, foreign);
}
