import type { Call } from "../calls/call.ts";
import { UNCLOSED_MAX } from "../limits.ts";
import { abi, E } from "../sys/abi.ts";
import { fstat, readlinkat, self } from "../sys/sys.ts";
import { MayWait } from "../worker/may-wait.ts";

/**
 * What links in /proc/PID/fd say of sockets, pipes, pidfds and their like (proc_pid_fd(5)); what
 * lies on a file system has a path, which never begins so.
 */
const NO_FILE_SYSTEM = /^(socket|pipe|anon_inode):/;

/**
 * A descriptor of the same open file as one of the target's (pidfd_getfd(2)), closed together with
 * the call's; negated error otherwise. To close one asks its file system, which may never answer
 * (flush in fuse(4)): who must not wait takes none from there. Throws {@link MayWait}.
 */
export function sameFile(call: Call, fd: number): number {
  const link = call.target.link(fd);
  if (typeof link === "number") return link;
  if (!NO_FILE_SYSTEM.test(link)) {
    const seen = call.target.descriptor(fd);
    if (seen < 0) return seen;
    if (mayNotAnswer(call, seen)) throw new MayWait();
  }
  return copied(call, fd);
}

/** The same of a socket; ENOTSOCK for everything else. */
export function sameSocket(call: Call, fd: number): number {
  const link = call.target.link(fd);
  if (typeof link === "number") return link;
  if (link.startsWith("socket:")) return copied(call, fd);
  const seen = call.target.openDescriptor(fd);
  return seen < 0 ? seen : -E.NOTSOCK;
}

/**
 * Another thread may have exchanged it since it was looked at: a copy whose close(2) might not come
 * back is never closed.
 */
function copied(call: Call, fd: number): number {
  const { unclosed } = call.broker;
  if (unclosed.length >= UNCLOSED_MAX) return -E.MFILE;
  const copy = call.target.copyOf(fd);
  if (copy < 0) return copy;
  return maybeClosed(call, copy) ? call.target.keep(copy) : -E.IO;
}

/** false: close(2) might not come back, so that it stays open here. */
export function maybeClosed(call: Call, fd: number): boolean {
  const link = readlinkat(abi.AT_FDCWD, self(fd));
  if (typeof link === "string" && (NO_FILE_SYSTEM.test(link) || !mayNotAnswer(call, fd)))
    return true;
  call.broker.unclosed.push(fd);
  return false;
}

/** Its file system, asked by who must not wait. */
function mayNotAnswer(call: Call, fd: number): boolean {
  if (call.broker.mayWait) return false;
  const stat = fstat(fd);
  return typeof stat === "number" || call.broker.mounts.isSlow(stat.mount);
}
