import { POLLIN, SO_PEERCRED, SO_PEERGROUPS, SO_PEERPIDFD, SOL_SOCKET } from "./constants.ts";
import { hasCode } from "./errno-error.ts";
import { close, poll, syscall } from "./ffi.ts";
import { ucred } from "./structs/socket.ts";

/** Limit on the supplementary groups of a process: NGROUPS_MAX of limits.h. */
const GROUPS_MAX = 65_536;
const GID_BYTES = 4;

/** The process that connected a unix socket, as the kernel recorded at connect(2). */
export interface SocketPeer {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  /** Whether the process still exists, so that its /proc entries are its own. */
  isAlive(): boolean;
  close(): void;
}

/**
 * null if the peer has ended already. Before Linux 6.5 the process is opened by its id, which may
 * have been reused since it connected.
 */
export function socketPeer(socket: number): SocketPeer | null {
  const { pid, uid, gid } = ucred.decode(option(socket, SO_PEERCRED, ucred.size));
  const bytes = option(socket, SO_PEERGROUPS, GROUPS_MAX * GID_BYTES);
  const groups = Array.from({ length: bytes.length / GID_BYTES }, (_, i) =>
    bytes.readUInt32LE(i * GID_BYTES),
  );
  const pidfd = pidfdOf(socket, pid);
  return pidfd === null ? null : toldPeer({ pid, uid, gid, groups }, pidfd);
}

/** From another process's answer. `pidfd` is closed with the peer. */
export function toldPeer(
  who: Pick<SocketPeer, "pid" | "uid" | "gid" | "groups">,
  pidfd: number,
): SocketPeer {
  return {
    ...who,
    isAlive: () => !hasEnded(pidfd),
    close: () => close(pidfd),
  };
}

/**
 * A pidfd becomes readable when its process has ended (pidfd_open(2)). An interrupted poll is
 * repeated.
 */
function hasEnded(pidfd: number): boolean {
  for (;;) {
    try {
      return poll([{ fd: pidfd, events: POLLIN }], 0)[0] !== 0;
    } catch (error) {
      if (!hasCode(error, "EINTR")) throw error;
    }
  }
}

function pidfdOf(socket: number, pid: number): number | null {
  try {
    return option(socket, SO_PEERPIDFD, GID_BYTES).readInt32LE(0);
  } catch (error) {
    if (hasCode(error, "ESRCH", "EINVAL", "ENODATA")) return null;
    if (!hasCode(error, "ENOPROTOOPT")) throw error;
  }
  try {
    return syscall("pidfd_open", pid, 0);
  } catch (error) {
    if (hasCode(error, "ESRCH")) return null;
    throw error;
  }
}

/** At level SOL_SOCKET: the bytes that the kernel returned. */
function option(socket: number, name: number, max: number): Buffer {
  const value = Buffer.from(new ArrayBuffer(max));
  const length = Buffer.from(new ArrayBuffer(4));
  length.writeUInt32LE(max, 0);
  syscall("getsockopt", socket, SOL_SOCKET, name, value, length);
  return value.subarray(0, length.readUInt32LE(0));
}
