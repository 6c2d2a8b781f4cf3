import { E } from "./abi.ts";
import type { Broker } from "./broker.ts";
import { Call, type Notification, Vanished } from "./call.ts";
import { guarded } from "./guarded.ts";
import { handlers } from "./handlers/table.ts";
import { CannotImpersonate, IdentityLost } from "./identity.ts";
import { MayWait } from "./may-wait.ts";
import { TooLong, Unreadable } from "./memory.ts";
import { CONTINUE, error, type Outcome, unable } from "./outcome.ts";
import { Nameless } from "./place.ts";
import { refuseForm, refuseUnlisted } from "./refuse-call.ts";
import { Rehearsed } from "./supervised/rehearsed.ts";
import { supervise } from "./supervised/supervise.ts";
import { remember } from "./supervised/verdicts.ts";
import { warned } from "./supervised/warned.ts";
import { TargetGone } from "./target-gone.ts";

/** Decides about one call and does it. Every doubt is a refusal; throws only IdentityLost. The caller closes the call once it is answered. */
export function dispatch(broker: Broker, notification: Notification): { outcome: Outcome; call: Call } {
  const call = new Call(broker, notification);
  return { outcome: attempt(call, () => (call.supervised ? supervise(call) : judge(call))), call };
}

/** One step of a call that was begun. At level warning nothing of what comes out but a warning reaches the target. */
export function attempt(call: Call, step: () => Outcome): Outcome {
  let outcome: Outcome;
  try {
    outcome = step();
  } catch (cause) {
    outcome = doubt(call, cause);
  }
  return call.rehearses ? warned(call, outcome) : outcome;
}

function judge(call: Call): Outcome {
  const handler = handlers.get(call.name);
  if (!call.broker.lists(call.name)) return refuseUnlisted(call);
  if (handler === undefined) return refuseForm(call);
  return guarded(call, handler);
}

function doubt(call: Call, cause: unknown): Outcome {
  if (cause instanceof Rehearsed) {
    remember(call, CONTINUE);
    return CONTINUE;
  }
  if (cause instanceof MayWait) return { kind: "elsewhere" };
  if (cause instanceof Vanished) return { kind: "vanished" };
  if (cause instanceof Nameless) return error(cause.errno);
  if (cause instanceof TooLong) return error(E.NAMETOOLONG);
  if (cause instanceof Unreadable) return unable(E.FAULT, call.name, "unreadable argument");
  if (cause instanceof TargetGone) return unable(E.PERM, call.name, "the asking thread cannot be looked at");
  if (cause instanceof CannotImpersonate)
    return unable(E.PERM, call.name, `identity cannot be taken: ${cause.message}`);
  if (cause instanceof IdentityLost) throw cause;
  return unable(E.IO, call.name, `the mediator failed: ${cause instanceof Error ? cause.message : "no reason"}`);
}
