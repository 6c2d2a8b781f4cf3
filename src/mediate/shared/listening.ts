import { AF_UNIX, SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_SEQPACKET, UNIX_PATH_MAX } from "../../kernel/constants.ts";
import { syscall } from "../../kernel/ffi.ts";
import { c, sys } from "../sys.ts";

/** Connections that the kernel keeps until they are taken. */
const BACKLOG = 64;
/** Nobody but root. */
const SOCKET_UMASK = 0o177;

/** A listening SOCK_SEQPACKET socket at `path`, in place of one that a mediator before left. Throws ErrnoError. */
export function listenAt(path: string): number {
  const name = Buffer.from(path);
  if (name.length >= UNIX_PATH_MAX) throw new Error(`${path}: longer than ${UNIX_PATH_MAX - 1} bytes`);
  const address = Buffer.alloc(2 + UNIX_PATH_MAX);
  address.writeUInt16LE(AF_UNIX, 0);
  name.copy(address, 2);
  const fd = syscall("socket", AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sys("unlink", c(path));
  const umask = sys("umask", SOCKET_UMASK);
  try {
    syscall("bind", fd, address, 2 + name.length + 1);
  } finally {
    sys("umask", umask);
  }
  syscall("listen", fd, BACKLOG);
  return fd;
}

/** The next connection; null when there is none. */
export function acceptFrom(fd: number): number | null {
  const connection = sys("accept4", fd, null, null, SOCK_NONBLOCK | SOCK_CLOEXEC);
  return connection < 0 ? null : connection;
}
