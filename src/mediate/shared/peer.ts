import { readFileSync, readlinkSync, type Stats, statSync } from "node:fs";
import { isMediatorProcess } from "../../domains/mediator-process.ts";
import { domainOfProcess } from "../../domains/membership.ts";
import { TaskLabels } from "../../kernel/bpf/lsm/labels.ts";
import { HOST_PINS } from "../../kernel/bpf/lsm/layout.ts";
import { type SocketPeer, socketPeer } from "../../kernel/peer.ts";
import type { Namespaces } from "../domain/handed.ts";
import { abi, E } from "../sys/abi.ts";
import { close, openat } from "../sys/sys.ts";
import { LAUNCHER } from "../target/own-process.ts";

/**
 * Why a peer cannot be a holder; null if it can. A holder belongs to root and is in no domain. It
 * is not a Node program either: mediators and workers are, and a domain might get one of them to
 * connect here.
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

/** null if the peer has ended or is not visible here. */
export function pidOf(connection: number): number | null {
  const peer = peerOf(connection);
  peer?.close();
  return peer === null || peer.pid <= 0 ? null : peer.pid;
}

/**
 * The peer's namespaces, which the caller closes. A negated error number if one cannot be opened,
 * or if the user namespace gives ids other numbers: ids in a call's arguments would mean others
 * here.
 */
export function namespacesOf(connection: number): Namespaces {
  const peer = peerOf(connection);
  if (peer === null) return { mounts: -E.SRCH, users: -E.SRCH };
  const folder = `/proc/${peer.pid}`;
  const opened = (name: "mnt" | "user"): number | null => {
    const fd = openat(abi.AT_FDCWD, `${folder}/ns/${name}`, 0);
    // The number was the peer's own if the peer lives afterwards.
    const isPeers = fd >= 0 && peer.isAlive();
    if (isPeers && !isOwn(fd, name)) return fd;
    if (fd >= 0) close(fd);
    return isPeers ? null : -E.SRCH;
  };
  try {
    const [mounts, users] = [opened("mnt"), opened("user")];
    if (users === null || users < 0 || (keepsNumbers(folder) && peer.isAlive()))
      return { mounts, users };
    close(users);
    return { mounts, users: -E.INVAL };
  } finally {
    peer.close();
  }
}

function isOwn(namespace: number, name: "mnt" | "user"): boolean {
  return readlinkSync(`/proc/self/fd/${namespace}`) === readlinkSync(`/proc/self/ns/${name}`);
}

/** Each line has the first id inside, the first outside, and how many (user_namespaces(7)). */
function keepsNumbers(folder: string): boolean {
  const lines = ["uid_map", "gid_map"].flatMap((name) =>
    readFileSync(`${folder}/${name}`, "latin1").trim().split("\n"),
  );
  return lines.every((line) => /^\s*(\d+)\s+\1\s/.test(line));
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
    if (isSameFile(its, ours) || isMediatorProcess(pid)) return "a mediator hands nothing over";
    const member = domainOfProcess(pid);
    if (typeof member === "object") return `it is in domain ${member.domain}`;
    if (isHeldByKernel(pid)) return "it is in a domain of the kernel's engine";
    // Membership by control group is not enough, because a process can be moved. A process of a
    // domain always has one more filter than a process outside. The holder of a unit with filters
    // of its own has more, too, but no domain may execute the program that a holder runs.
    return filters(pid) > filters("self") && !isHoldersProgram(its)
      ? "it is under a filter of system calls that this process is not under"
      : null;
  } catch {
    return "it cannot be looked at";
  }
}

/**
 * By its label, which it has wherever its control group lies.
 * @throws BpfError where the kernel does not tell
 */
function isHeldByKernel(pid: number): boolean {
  using labels = TaskLabels.open(HOST_PINS);
  return (labels?.domainOf(pid) ?? 0) !== 0;
}

/** Of this installation: own-objects.ts denies it to every domain. */
function isHoldersProgram(program: Stats): boolean {
  const own = statSync(LAUNCHER, { throwIfNoEntry: false });
  return own !== undefined && isSameFile(program, own);
}

function isSameFile(a: Stats, b: Stats): boolean {
  return a.dev === b.dev && a.ino === b.ino;
}

/** The number of a process's seccomp filters (proc_pid_status(5), Linux 5.9). */
function filters(pid: number | "self"): number {
  return Number(
    /^Seccomp_filters:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1] ?? 0,
  );
}
