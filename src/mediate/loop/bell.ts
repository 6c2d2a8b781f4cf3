import { MSG_DONTWAIT, MSG_NOSIGNAL } from "../../kernel/constants.ts";
import { EXEC_BELL } from "../../plan/slots.ts";
import { E } from "../sys/abi.ts";
import { sys } from "../sys/sys.ts";

const told = Buffer.from(EXEC_BELL);
const heard = Buffer.alloc(2 * told.length);

/**
 * Tells the holder to look at the slots. One that is gone hears nothing any more; one whose socket
 * is full has been told.
 */
export function ringBell(bell: number): void {
  sys("sendto", bell, told, told.length, MSG_DONTWAIT | MSG_NOSIGNAL, null, 0);
}

/** Takes what the holder told; false where the connection ended, or something else was said. */
export function hearBell(bell: number): boolean {
  for (;;) {
    const got = sys("recvfrom", bell, heard, heard.length, MSG_DONTWAIT, null, null);
    if (got === -E.AGAIN || got === -E.INTR) return true;
    if (got !== told.length || !heard.subarray(0, got).equals(told)) return false;
  }
}
