import { SO_PASSRIGHTS, SOL_SOCKET } from "./constants.ts";
import { hasCode } from "./errno-error.ts";
import { syscall } from "./ffi.ts";

/**
 * Who connects to a listening unix socket from now on can send no descriptors along
 * (SO_PASSRIGHTS): one may be a file that never answers, of which the last close(2) does not
 * return. False before Linux 6.16, which does not know it.
 */
export function refuseDescriptors(listener: number): boolean {
  try {
    syscall("setsockopt", listener, SOL_SOCKET, SO_PASSRIGHTS, Buffer.alloc(4), 4);
    return true;
  } catch (error) {
    if (hasCode(error, "ENOPROTOOPT")) return false;
    throw error;
  }
}
