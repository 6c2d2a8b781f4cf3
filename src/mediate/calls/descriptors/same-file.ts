import { WORKER } from "../../answer/outcome.ts";
import { Settled } from "../../answer/settled.ts";
import { UNCLOSED_MAX } from "../../limits.ts";
import { abi, E } from "../../sys/abi.ts";
import { closeElsewhere } from "../../sys/close-elsewhere.ts";
import { fstat, readlinkat, self } from "../../sys/sys.ts";
import type { Call } from "../call.ts";

/**
 * What links in /proc/PID/fd say of sockets, pipes, pidfds and their like (proc_pid_fd(5)); what
 * lies on a file system has a path, which never begins so.
 */
const NO_FILE_SYSTEM = /^(socket|pipe|anon_inode):/;

/**
 * A descriptor of the same open file as one of the target's (pidfd_getfd(2)), closed together with
 * the call's; negated error otherwise. To close one asks its file system, which may never answer
 * (flush in fuse(4)): who must not wait takes none from there, and a worker does.
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

/** The same of a socket; ENOTSOCK for everything else. */
export function sameSocket(call: Call, fd: number): number {
  const type = call.target.typeOf(fd);
  if (type < 0) return type;
  if (type === abi.S_IFSOCK) return copied(call, fd);
  const seen = call.target.openDescriptor(fd);
  return seen < 0 ? seen : -E.NOTSOCK;
}

/**
 * Another thread of the target may have exchanged it since it was looked at: a copy whose close(2)
 * might not come back is not closed by this thread.
 */
function copied(call: Call, fd: number): number {
  if (call.broker.exchanged >= UNCLOSED_MAX) return -E.MFILE;
  const copy = call.target.copyOf(fd);
  if (copy < 0) return copy;
  return maybeClosed(call, copy) ? call.target.keep(copy) : -E.IO;
}

/** False: close(2) might not come back, so that it was closed elsewhere: nobody may use it. */
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

/** Its file system, asked by who must not wait. */
function mayNotAnswer(call: Call, fd: number): boolean {
  if (call.broker.mayWait) return false;
  const stat = fstat(fd);
  return typeof stat === "number" || call.broker.mounts.isSlow(stat.mount);
}
