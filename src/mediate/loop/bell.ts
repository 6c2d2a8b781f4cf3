import { MSG_DONTWAIT, MSG_NOSIGNAL } from "../../kernel/constants.ts";
import { quick } from "../../kernel/quick.ts";
import { EXEC_BELL } from "../../plan/slots.ts";
import { E } from "../sys/abi.ts";

const told = Buffer.from(EXEC_BELL);
const heard = Buffer.alloc(2 * told.length);

/**
 * Tells the holder to look at the slots. One that is gone hears nothing any more; one whose socket
 * is full has been told.
 */
export function ringBell(bell: number): void {
  quick.send(bell, told, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/**
 * Takes one thing that the holder told, others make the bell ready again; false where the
 * connection ended, or something else was said.
 */
export function hearBell(bell: number): boolean {
  const got = quick.recv(bell, heard, MSG_DONTWAIT);
  if (got === -E.AGAIN || got === -E.INTR) return true;
  return got === told.length && heard.compare(told, 0, told.length, 0, got) === 0;
}
