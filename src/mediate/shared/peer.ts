import { readFileSync, statSync } from "node:fs";
import { isMediatorProcess } from "../../domains/mediator-process.ts";
import { domainOfProcess } from "../../domains/membership.ts";
import { type SocketPeer, socketPeer } from "../../kernel/peer.ts";

/**
 * Why a peer is no holder; null for one that may be. A holder is root's, no program of Node's
 * (every mediator and worker is one: what a domain lets them do must not come back to here), and in
 * no domain.
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

/** null where the peer has ended, or is not seen from here. */
export function pidOf(connection: number): number | null {
  const peer = peerOf(connection);
  peer?.close();
  return peer === null || peer.pid <= 0 ? null : peer.pid;
}

/** Whatever goes wrong here is the peer's loss, not that of the domains that are served. */
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
    // A process of a domain is under one filter more than what lies outside, whoever put it into
    // which control group.
    return filters(pid) > filters("self")
      ? "it is under a filter of system calls that this process is not under"
      : null;
  } catch {
    return "it cannot be looked at";
  }
}

/** Filters of seccomp(2) that a process is under (proc_pid_status(5), Linux 5.9). */
function filters(pid: number | "self"): number {
  return Number(
    /^Seccomp_filters:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1] ?? 0,
  );
}
