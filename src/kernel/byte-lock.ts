import { F_OFD_GETLK, F_OFD_SETLK, F_UNLCK, F_WRLCK } from "./constants.ts";
import { hasCode } from "./errno-error.ts";
import { syscall } from "./ffi.ts";
import { flock } from "./structs.ts";

/**
 * Locks one byte of a file for its open file description (F_OFD_SETLK, fcntl(2)), until the last
 * descriptor of that is closed in any process. Returns false if another description has the lock.
 */
export function lockByte(fd: number, at: bigint): boolean {
  try {
    syscall("fcntl", fd, F_OFD_SETLK, flock.encode({ l_type: F_WRLCK, l_start: at, l_len: 1n }));
    return true;
  } catch (error) {
    if (hasCode(error, "EAGAIN", "EACCES")) return false;
    throw error;
  }
}

export function isByteLocked(fd: number, at: bigint): boolean {
  const lock = flock.encode({ l_type: F_WRLCK, l_start: at, l_len: 1n });
  syscall("fcntl", fd, F_OFD_GETLK, lock);
  return flock.decode(lock).l_type !== F_UNLCK;
}
