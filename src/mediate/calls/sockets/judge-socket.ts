import { capabilityOption } from "../../../kernel/capability-requests.ts";
import { AF_UNIX, IPPROTO_IPV6 } from "../../../kernel/constants.ts";
import type { SocketCall } from "../../../kernel/system-calls/call.ts";
import { judgeCapabilities } from "../../../kinds/capabilities/mediate.ts";
import { socketHelp, socketRequest } from "../../../kinds/sockets/events.ts";
import { CONTINUE, type Outcome } from "../../answer/outcome.ts";
import { refuseForm } from "../../answer/refuse-call.ts";
import type { Call } from "../call.ts";
import { setWithout } from "./option-without.ts";
import { IPV6_V6ONLY } from "./socket.ts";

/**
 * Making sockets, which the target does itself: registers say what it makes. TCP, UDP and unix
 * sockets are granted if any rule allows a use of them, as in a sealed domain. null leaves the call
 * to its handler.
 */
export function judgeSocket(call: Call, row: SocketCall): Outcome | null {
  if (row.operation === "pair" && call.int(0) !== AF_UNIX) return refuseForm(call);
  if (row.operation === "option") return judgeOption(call);
  const asked = { family: call.int(0), type: call.int(1), protocol: call.int(2) };
  const judgedByUse = socketHelp(asked, call.broker.policy)?.reason === "host";
  if (judgedByUse || call.broker.decide(socketRequest(asked)).outcome === "granted")
    return CONTINUE;
  return refuseForm(call);
}

/** An option that takes a capability is judged by that; IPV6_V6ONLY has a handler. */
function judgeOption(call: Call): Outcome | null {
  if (call.int(1) === IPPROTO_IPV6 && call.int(2) === IPV6_V6ONLY) return null;
  const row = capabilityOption(call.int(1), call.int(2));
  if (row === null) return refuseForm(call);
  const refused = judgeCapabilities(call, row.capabilities);
  if (refused === null) return CONTINUE;
  return row.judged === "number" ? refused : setWithout(call, row, refused);
}
