import type { Call } from "../calls/call.ts";
import type { Handler } from "../calls/handler.ts";
import { E } from "../sys/abi.ts";
import { CONTINUE, type Outcome, unable } from "./outcome.ts";

/**
 * A handler's answer, for who sees the host as the mediator does. The one place that lets a
 * handler's CONTINUE out.
 */
export function guarded(call: Call, handler: Handler): Outcome {
  const foreign = handler.onlyLooks ? call.target.foreign() : call.confinement;
  if (foreign !== null) return byItself(call, handler, foreign);
  const outcome = handler.answer(call);
  if (outcome.kind !== "continue" || handler.continueIsSafe(call)) return outcome;
  const why = call.supervised
    ? "it could change before the kernel looks at it"
    : "not checked by this domain's Landlock layer";
  return unable(E.ACCES, call.name, why);
}

/** What the mediator would undo, were it to do the call (`Call.effect`). */
function byItself(call: Call, handler: Handler, foreign: string): Outcome {
  call.check();
  return handler.continueIsSafe(call) ? CONTINUE : ofConfined(call, foreign);
}

export function ofConfined(call: Call, confinement: string): Outcome {
  return unable(E.PERM, call.name, `asked by a process with its own ${confinement}`);
}
