import { SOCK_SEQPACKET } from "../../../kernel/constants.ts";
import type { Call } from "../call.ts";
import { SOCK, socketOf } from "./socket.ts";

const MSG_FASTOPEN = 0x2000_0000;

/**
 * A send that goes by no address whatever memory holds: on a connection of bytes or packets, where
 * nobody can put another socket behind the descriptor. The target does it itself.
 */
export function goesByNoAddress(call: Call, flags: number): boolean {
  if (!call.supervised || (flags & MSG_FASTOPEN) !== 0) return false;
  if (!call.rehearses && !call.isAlone) return false;
  const socket = socketOf(call, 0);
  if (!call.rehearses) call.check();
  return (
    typeof socket !== "number" && (socket.type === SOCK.stream || socket.type === SOCK_SEQPACKET)
  );
}
