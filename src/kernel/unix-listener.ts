import { PERMISSION_BITS } from "../base/modes.ts";
import { AF_UNIX, SOCK_CLOEXEC, SOCK_NONBLOCK, UNIX_PATH_MAX } from "./constants.ts";
import { hasCode } from "./errno-error.ts";
import { cString, syscall } from "./ffi.ts";

/** Connections that the kernel queues. */
const BACKLOG = 64;
const RIGHTS = PERMISSION_BITS;

/** `type` is SOCK_*. Replaces a socket that was left at `path`. Throws ErrnoError. */
export function listenAt(path: string, type: number, mode: number): number {
  const name = Buffer.from(path);
  if (name.length >= UNIX_PATH_MAX)
    throw new Error(`${path}: longer than ${UNIX_PATH_MAX - 1} bytes`);
  const address = Buffer.alloc(2 + UNIX_PATH_MAX);
  address.writeUInt16LE(AF_UNIX, 0);
  name.copy(address, 2);
  const fd = syscall("socket", AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  removeIfThere(path);
  const umask = syscall("umask", RIGHTS & ~mode);
  try {
    syscall("bind", fd, address, 2 + name.length + 1);
  } finally {
    syscall("umask", umask);
  }
  syscall("listen", fd, BACKLOG);
  return fd;
}

function removeIfThere(path: string): void {
  try {
    syscall("unlink", cString(path));
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
  }
}

/**
 * {@link listenAt} while clients may be connecting: an existing socket is replaced by one that
 * already listens.
 */
export function listenInPlace(path: string, type: number, mode: number): number {
  const beside = `${path}.new`;
  const fd = listenAt(beside, type, mode);
  syscall("rename", cString(beside), cString(path));
  return fd;
}

/**
 * null if there is no connection, it cannot be accepted, or the socket was shut down and none is
 * left.
 */
export function acceptFrom(fd: number): number | null {
  try {
    return syscall("accept4", fd, null, null, SOCK_NONBLOCK | SOCK_CLOEXEC);
  } catch (error) {
    if (hasCode(error, "EBADF", "ENOTSOCK")) throw error;
    return null;
  }
}
