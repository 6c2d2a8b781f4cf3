import { readFileSync, statSync } from "node:fs";
import { domainOfProcess } from "../../domains/membership.ts";
import { SO_PEERCRED, SO_PEERPIDFD, SOL_SOCKET } from "../../kernel/constants.ts";
import { ucred } from "../../kernel/structs.ts";
import { POLLIN } from "../abi.ts";
import { close, sys } from "../sys.ts";

/**
 * Why a peer is no holder; null for one that may be. A holder is root's, no program of Node's (every mediator and worker is one: what a domain lets them do must not come back
 * to here), and in no domain. Its process is held by a pidfd while it is looked at, where the kernel has that (6.5).
 */
export function refusal(connection: number): string | null {
  const credentials = option(connection, SO_PEERCRED, ucred.size);
  if (credentials === null) return "the kernel does not say who it is";
  const { pid, uid } = ucred.decode(credentials);
  if (uid !== 0) return "only root may hand a domain over";
  if (pid <= 0) return "it is a process of another namespace";
  const pidfd = option(connection, SO_PEERPIDFD, 4)?.readInt32LE(0) ?? -1;
  try {
    const found = look(pid);
    return found ?? (pidfd >= 0 && hasEnded(pidfd) ? "it has ended" : null);
  } finally {
    if (pidfd >= 0) close(pidfd);
  }
}

function look(pid: number): string | null {
  try {
    const [its, ours] = [statSync(`/proc/${pid}/exe`), statSync("/proc/self/exe")];
    if (its.dev === ours.dev && its.ino === ours.ino) return "a mediator hands nothing over";
    const member = domainOfProcess(pid);
    if (typeof member === "object") return `it is in domain ${member.domain}`;
    // A process of a domain is under one filter more than what lies outside, whoever put it into which control group.
    return filters(pid) > filters("self")
      ? "it is under a filter of system calls that this process is not under"
      : null;
  } catch {
    return "it cannot be looked at";
  }
}

/** Filters of seccomp(2) that a process is under (proc_pid_status(5), Linux 5.9). */
function filters(pid: number | "self"): number {
  return Number(/^Seccomp_filters:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1] ?? 0);
}

function option(fd: number, name: number, bytes: number): Buffer | null {
  const value = Buffer.alloc(bytes);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes);
  return sys("getsockopt", fd, SOL_SOCKET, name, value, length) === 0 ? value : null;
}

/** A pidfd becomes readable when its process ends. */
function hasEnded(pidfd: number): boolean {
  const request = Buffer.alloc(8);
  request.writeInt32LE(pidfd, 0);
  request.writeInt16LE(POLLIN, 4);
  return sys("poll", request, 1, 0) !== 0;
}
