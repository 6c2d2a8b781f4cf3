import { socketHelp, socketRequest } from "../../events/socket-words.ts";
import { IPPROTO_IPV6 } from "../../kernel/constants.ts";
import type { SocketCall } from "../../kernel/mediated-calls/call.ts";
import { decide } from "../../model/decide.ts";
import type { Call } from "../call.ts";
import { CONTINUE, type Outcome } from "../outcome.ts";
import { refuseForm } from "../refuse-call.ts";
import { IPV6_V6ONLY } from "../socket.ts";

/**
 * Sockets are made by the target itself: registers say what they are. TCP, UDP and unix are not asked about, their addresses are; null leaves a
 * call to its handler.
 */
export function judgeSocket(call: Call, row: SocketCall): Outcome | null {
  if (row.operation === "pair") return refuseForm(call);
  if (row.operation === "option")
    return call.int(1) === IPPROTO_IPV6 && call.int(2) === IPV6_V6ONLY ? null : refuseForm(call);
  const asked = { family: call.int(0), type: call.int(1), protocol: call.int(2) };
  const judgedByAddress = socketHelp(asked, call.broker.policy)?.reason === "host";
  if (judgedByAddress || decide(call.broker.policy, socketRequest(asked)).outcome === "granted") return CONTINUE;
  return refuseForm(call);
}
