import { MSG_FASTOPEN, SOCK_SEQPACKET } from "../../../kernel/constants.ts";
import type { Call } from "../call.ts";
import { SOCK, socketOf } from "./socket.ts";

/**
 * Whether a send uses no address, whatever the target's memory holds: the socket is a stream or a
 * connection of packets, and no other thread can exchange the descriptor. The target then sends
 * itself, with its own descriptors and credentials. A sealed domain's filter lets only threads
 * share descriptors, so counting threads is enough there, too.
 */
export function goesByNoAddress(call: Call, flags: number): boolean {
  if ((flags & MSG_FASTOPEN) !== 0) return false;
  if (!call.rehearses && !call.isAlone) return false;
  const socket = socketOf(call, 0);
  if (!call.rehearses) call.check();
  return (
    typeof socket !== "number" && (socket.type === SOCK.stream || socket.type === SOCK_SEQPACKET)
  );
}
