import { WORKER } from "../../answer/outcome.ts";
import { Settled } from "../../answer/settled.ts";
import { UNCLOSED_MAX } from "../../limits.ts";
import { abi, E } from "../../sys/abi.ts";
import { closeElsewhere } from "../../sys/close-elsewhere.ts";
import { fstat, readlinkat, self } from "../../sys/sys.ts";
import type { Call } from "../call.ts";

/**
 * Begins the text of links in /proc/PID/fd to sockets, pipes, pidfds and similar (proc_pid_fd(5)).
 * A file on a file system has a path, which never begins like this.
 */
const NO_FILE_SYSTEM = /^(socket|pipe|anon_inode):/;

/**
 * Copies one of the target's descriptors, with the same open file (pidfd_getfd(2)), until the call
 * is closed. Returns a negated error number on failure. Closing a descriptor asks its file system,
 * which may never answer (flush in fuse(4)). So the loop copies none from a slow file system; a
 * worker does.
 */
export function sameFile(call: Call, fd: number): number {
  const link = call.target.link(fd);
  if (typeof link === "number") return link;
  if (!NO_FILE_SYSTEM.test(link)) {
    const seen = call.target.descriptor(fd);
    if (seen < 0) return seen;
    if (mayNotAnswer(call, seen)) throw new Settled(WORKER);
  }
  return copied(call, fd);
}

/** {@link sameFile} for a socket; ENOTSOCK for everything else. */
export function sameSocket(call: Call, fd: number): number {
  const type = call.target.typeOf(fd);
  if (type < 0) return type;
  if (type === abi.S_IFSOCK) return copied(call, fd);
  const seen = call.target.openDescriptor(fd);
  return seen < 0 ? seen : -E.NOTSOCK;
}

/**
 * Another thread may have exchanged the descriptor since it was examined. A copy whose close(2)
 * might block is therefore not closed by this thread.
 */
function copied(call: Call, fd: number): number {
  if (call.broker.exchanged >= UNCLOSED_MAX) return -E.MFILE;
  const copy = call.target.copyOf(fd);
  if (copy < 0) return copy;
  return maybeClosed(call, copy) ? call.target.keep(copy) : -E.IO;
}

/**
 * Whether a copy may be used. If its close(2) might block, it is closed on another thread and must
 * not be used.
 */
export function maybeClosed(call: Call, fd: number): boolean {
  const stat = fstat(fd);
  if (typeof stat !== "number" && stat.type === abi.S_IFSOCK) return true;
  const link = readlinkat(abi.AT_FDCWD, self(fd));
  if (typeof link === "string" && (NO_FILE_SYSTEM.test(link) || !mayNotAnswer(call, fd)))
    return true;
  closeElsewhere(fd);
  call.broker.exchanged += 1;
  return false;
}

/** Whether its file system may block, in a process that must not. */
function mayNotAnswer(call: Call, fd: number): boolean {
  if (call.broker.mayWait) return false;
  const stat = fstat(fd);
  return typeof stat === "number" || call.broker.mounts.isSlow(stat.mount);
}
