import { readFileSync, type Stats, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { isMediatorProcess } from "../../domains/mediator-process.ts";
import { domainOfProcess } from "../../domains/membership.ts";
import { type SocketPeer, socketPeer } from "../../kernel/peer.ts";

/**
 * Why a peer cannot be a holder; null where it can. A holder belongs to root and is in no domain.
 * It is not a Node program either: every mediator and worker is one, and a domain must not be able
 * to make them connect here.
 */
export function refusal(connection: number): string | null {
  const peer = peerOf(connection);
  if (peer === null) return "it has ended, or the kernel does not say who it is";
  try {
    if (peer.uid !== 0) return "only root may hand a domain over";
    if (peer.pid <= 0) return "it is a process of another namespace";
    return look(peer.pid) ?? (peer.isAlive() ? null : "it has ended");
  } finally {
    peer.close();
  }
}

/** The peer's process id; null where it has ended or is not visible here. */
export function pidOf(connection: number): number | null {
  const peer = peerOf(connection);
  peer?.close();
  return peer === null || peer.pid <= 0 ? null : peer.pid;
}

/** Errors concern the peer alone, not the domains that are served. */
function peerOf(connection: number): SocketPeer | null {
  try {
    return socketPeer(connection);
  } catch {
    return null;
  }
}

function look(pid: number): string | null {
  try {
    const [its, ours] = [statSync(`/proc/${pid}/exe`), statSync("/proc/self/exe")];
    const isOnNode = its.dev === ours.dev && its.ino === ours.ino;
    if (isOnNode || isMediatorProcess(pid)) return "a mediator hands nothing over";
    const member = domainOfProcess(pid);
    if (typeof member === "object") return `it is in domain ${member.domain}`;
    // Membership by control group is not enough, since a process can be moved. A process of a
    // domain always has one more filter than a process outside. So has the holder of a unit with
    // filters of its own; but no domain may execute the program that a holder runs.
    return filters(pid) > filters("self") && !isHoldersProgram(its)
      ? "it is under a filter of system calls that this process is not under"
      : null;
  } catch {
    return "it cannot be looked at";
  }
}

/** Of this installation: own-objects.ts denies it to every domain. */
const holdersProgram = join(dirname(dirname(process.argv[1] ?? "")), "bin", "cofferdam");

function isHoldersProgram({ dev, ino }: Stats): boolean {
  const own = statSync(holdersProgram, { throwIfNoEntry: false });
  return own !== undefined && own.dev === dev && own.ino === ino;
}

/** The number of seccomp filters of a process (proc_pid_status(5), Linux 5.9). */
function filters(pid: number | "self"): number {
  return Number(
    /^Seccomp_filters:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1] ?? 0,
  );
}
