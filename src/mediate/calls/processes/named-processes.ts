import { readdirSync, readFileSync } from "node:fs";
import type { ProcessCall } from "../../../kernel/system-calls/call.ts";
import { WORKER } from "../../answer/outcome.ts";
import { Settled } from "../../answer/settled.ts";
import { HOST_THREADS_LOOKED_AT_MAX } from "../../limits.ts";
import { abi } from "../../sys/abi.ts";
import { readlinkat, self, sys } from "../../sys/sys.ts";
import type { Call } from "../call.ts";

/** setpriority(2): PRIO_PROCESS, PRIO_PGRP, PRIO_USER. ioprio_set(2) counts from 1. */
const KINDS = ["process", "group", "user"] as const;

type Named = ProcessCall["targets"][number];

/**
 * The processes that a number means, by their ids on this host; a thread's number for a thread.
 * null for a group in a pid namespace above the mediator's, which cannot be read.
 */
export function namedProcesses(
  call: Call,
  target: Named,
  number: number,
): readonly number[] | null {
  switch (target.kind) {
    case "group-or-process":
      if (number > 0) return [number];
      if (number === -1) return everyProcess(call);
      return number === 0 ? ownGroup(call) : membersOf(call, -number);
    case "which":
      return chosen(call, kindOf(call, target), number);
    default:
      return [number];
  }
}

/** undefined for a value unknown to the kernel. */
export function kindOf(call: Call, { which = 0 }: Named): (typeof KINDS)[number] | undefined {
  return KINDS[call.int(which) - (call.name === "ioprio_set" ? 1 : 0)];
}

function chosen(
  call: Call,
  kind: (typeof KINDS)[number] | undefined,
  number: number,
): readonly number[] | null {
  const { uid } = call.target.credentials;
  if (kind === "process") return [number];
  if (kind === "group") return number === 0 ? ownGroup(call) : membersOf(call, number);
  if (kind === "user")
    return everyProcess(call).filter((pid) => userOf(pid) === (number === 0 ? uid : number >>> 0));
  return [];
}

/** The kernel returns 0 for a group without a number in this pid namespace. */
function ownGroup(call: Call): readonly number[] | null {
  const group = sys("getpgid", call.target.credentials.tgid);
  return group <= 0 ? null : membersOf(call, group);
}

/**
 * Takes one system call per process of the host instead of a read in /proc, because there may be
 * thousands.
 */
export function membersOf(call: Call, group: number): readonly number[] {
  return everyProcess(call).filter((pid) => sys("getpgid", pid) === group);
}

/**
 * All processes but process 1, which kill(2) leaves out. If there are so many that judging them
 * would delay other domains, a worker does it.
 */
export function everyProcess(call: Call): readonly number[] {
  if (!call.broker.mayWait && threadsOfHost() > HOST_THREADS_LOOKED_AT_MAX)
    throw new Settled(WORKER);
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 1);
}

/** There are at most as many processes as threads (proc_loadavg(5)). */
function threadsOfHost(): number {
  return Number(/\/(\d+) /.exec(textOf("/proc/loadavg") ?? "")?.[1] ?? Number.POSITIVE_INFINITY);
}

/** A field of /proc/PID/stat after the name (proc_pid_stat(5)); -1 for a process that is gone. */
export function fieldOf(pid: number, field: "terminal" | "foreground" | "start"): number {
  const text = textOf(`/proc/${pid}/stat`);
  const index = { terminal: 4, foreground: 5, start: 19 }[field];
  return text === null ? -1 : Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[index]);
}

function userOf(pid: number): number {
  return Number(/^Uid:\t(\d+)/m.exec(textOf(`/proc/${pid}/status`) ?? "")?.[1] ?? -1);
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, "latin1");
  } catch {
    // The process is gone, which is an answer, too.
    return null;
  }
}

/**
 * The process of one of the mediator's pidfds: -1 when it has ended, null if the descriptor is no
 * pidfd (pidfd_open(2)). A /proc folder also stands for its process (pidfd_send_signal(2)).
 */
export function heldProcess(fd: number): number | null {
  const found =
    /^Pid:\t(-?\d+)/m.exec(textOf(`/proc/self/fdinfo/${fd}`) ?? "") ??
    /^\/proc\/(\d+)$/.exec(linkOf(fd));
  return found === null ? null : Number(found[1]);
}

function linkOf(fd: number): string {
  const text = readlinkat(abi.AT_FDCWD, self(fd));
  return typeof text === "string" ? text : "";
}
