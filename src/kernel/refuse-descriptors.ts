import { SO_PASSRIGHTS, SOL_SOCKET } from "./constants.ts";
import { hasCode } from "./errno-error.ts";
import { syscall } from "./ffi.ts";

/**
 * Keeps peers that connect to a listening unix socket from now on from sending descriptors
 * (SO_PASSRIGHTS): close(2) of a sent descriptor may never return. Returns false before Linux 6.16,
 * which lacks the option.
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
