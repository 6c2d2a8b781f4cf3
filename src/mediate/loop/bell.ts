import { MSG_DONTWAIT, MSG_NOSIGNAL } from "../../kernel/constants.ts";
import { quick } from "../../kernel/quick.ts";
import { EXEC_BELL } from "../../plan/slots.ts";
import { E } from "../sys/abi.ts";

const told = Buffer.from(EXEC_BELL);
const heard = Buffer.alloc(2 * told.length);

/**
 * Tells the holder to look at the slots. Errors are ignored: if the socket is full, an earlier bell
 * is unread; a holder that has exited needs none.
 */
export function ringBell(bell: number): void {
  quick.send(bell, told, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/**
 * Takes one bell message from the holder; the epoll reports further ones. Returns false when the
 * connection has ended or the message is not a bell.
 */
export function hearBell(bell: number): boolean {
  const got = quick.recv(bell, heard, MSG_DONTWAIT);
  if (got === -E.AGAIN || got === -E.INTR) return true;
  return got === told.length && heard.compare(told, 0, told.length, 0, got) === 0;
}
