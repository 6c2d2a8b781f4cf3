import { MSG_FASTOPEN, SOCK_SEQPACKET } from "../../../kernel/constants.ts";
import type { Call } from "../call.ts";
import { SOCK, socketOf } from "./socket.ts";

/**
 * Whether a send goes by no address, whatever the target's memory holds: on a connection of bytes
 * or packets, of a process in which no other thread can put another socket behind the descriptor.
 * The target sends itself, and with it go its own descriptors and credentials. A sealed domain's
 * filter refuses to share descriptors with what is no thread, so threads are counted there too.
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
