import { E } from "./abi.ts";
import type { Broker } from "./broker.ts";
import { Call, type Notification, Vanished } from "./call.ts";
import type { Handler } from "./handler.ts";
import { handlers } from "./handlers/table.ts";
import { CannotImpersonate } from "./identity.ts";
import { MayWait } from "./may-wait.ts";
import { TooLong, Unreadable } from "./memory.ts";
import { CONTINUE, error, type Outcome, unable } from "./outcome.ts";
import { Nameless } from "./place.ts";
import { refuseForm, refuseUnlisted } from "./refuse-call.ts";
import { TargetGone } from "./target-gone.ts";

/** Decides about one call and does it. Every doubt is a refusal; throws only IdentityLost. The caller closes the call once it is answered. */
export function dispatch(broker: Broker, notification: Notification): { outcome: Outcome; call: Call } {
  const call = new Call(broker, notification);
  return { outcome: attempt(call, () => judge(call)), call };
}

export function attempt(call: Call, step: () => Outcome): Outcome {
  try {
    return step();
  } catch (cause) {
    return doubt(call, cause);
  }
}

function judge(call: Call): Outcome {
  const handler = handlers.get(call.name);
  if (!call.broker.lists(call.name)) return refuseUnlisted(call);
  if (handler === undefined) return refuseForm(call);
  const foreign = call.target.foreign() ?? selfConfined(call);
  if (foreign === null) return guarded(call, handler);
  call.check();
  return handler.continueIsSafe(call)
    ? CONTINUE
    : unable(E.PERM, call.name, `asked by a process with its own ${foreign}`);
}

/** The one place that lets a CONTINUE out. */
function guarded(call: Call, handler: Handler): Outcome {
  const outcome = handler.answer(call);
  if (outcome.kind !== "continue" || handler.continueIsSafe(call)) return outcome;
  return unable(E.ACCES, call.name, "not checked by this domain's Landlock layer");
}

function selfConfined(call: Call): string | null {
  return call.broker.selfConfined.has(call.target.credentials.tgid) ? "Landlock domain" : null;
}

function doubt(call: Call, cause: unknown): Outcome {
  if (cause instanceof MayWait) return { kind: "elsewhere" };
  if (cause instanceof Vanished) return { kind: "vanished" };
  if (cause instanceof Nameless) return error(cause.errno);
  if (cause instanceof TooLong) return error(E.NAMETOOLONG);
  if (cause instanceof Unreadable) return unable(E.FAULT, call.name, "unreadable argument");
  if (cause instanceof TargetGone) return unable(E.PERM, call.name, "the asking thread cannot be looked at");
  if (cause instanceof CannotImpersonate)
    return unable(E.PERM, call.name, `identity cannot be taken: ${cause.message}`);
  throw cause;
}
