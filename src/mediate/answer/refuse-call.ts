import { AF_UNIX } from "../../kernel/constants.ts";
import { socketHelp, socketRequest, socketWords } from "../../kinds/sockets/events.ts";
import type { Call } from "../calls/call.ts";
import { spellCall } from "../report/spell-call.ts";
import { E } from "../sys/abi.ts";
import type { Errno } from "../sys/errno.ts";
import { never, type Outcome, type Refused } from "./outcome.ts";

export function refuseUnlisted(call: Call): Refused {
  const request = { class: "syscall", name: call.name } as const;
  const refusal = {
    class: "syscall",
    operation: "call",
    object: call.name,
    reason: "no-rule",
    request,
  } as const;
  return { kind: "refused", errno: errnoFor(call), refusal };
}

/**
 * Refuses a listed call in a form that no sealed domain has or that this policy does not grant. The
 * filter notifies only these.
 */
export function refuseForm(call: Call, errno: Errno = errnoFor(call)): Outcome {
  if (call.name === "socket") return refuseSocket(call);
  if (call.name === "socketpair") return refusePair(call);
  return never(errno, "call", spellCall(call));
}

function errnoFor(call: Call): Errno {
  return call.row?.absent === true ? E.NOSYS : E.PERM;
}

function refuseSocket(call: Call): Outcome {
  const asked = askedOf(call);
  const fixed = { class: "socket", operation: "create", object: socketWords(asked) } as const;
  const help = socketHelp(asked, call.broker.policy);
  const why = help ?? ({ reason: "no-rule" } as const);
  const request = help === null ? socketRequest(asked) : null;
  return { kind: "refused", errno: E.PERM, refusal: { ...fixed, ...why, request } };
}

/** A datagram socket of a pair can connect to any name (unix(7)). Other families have no pairs. */
function refusePair(call: Call): Outcome {
  const asked = askedOf(call);
  const unix = asked.family === AF_UNIX;
  const fixed = { class: "socket", operation: "create", request: null } as const;
  const why = unix ? socketHelp(asked, call.broker.policy) : null;
  const object = unix ? "a pair of unix datagram sockets" : `a pair: ${socketWords(asked)}`;
  return { kind: "refused", errno: E.PERM, refusal: { ...fixed, object, reason: "never", ...why } };
}

function askedOf(call: Call): { family: number; type: number; protocol: number } {
  return { family: call.int(0), type: call.int(1), protocol: call.int(2) };
}
