import { readdirSync, readFileSync } from "node:fs";
import type { ProcessCall } from "../../../kernel/mediated-calls/call.ts";
import { abi } from "../../sys/abi.ts";
import { readlinkat, self, sys } from "../../sys/sys.ts";
import type { Call } from "../call.ts";

/** setpriority(2): PRIO_PROCESS, PRIO_PGRP, PRIO_USER. ioprio_set(2) counts from 1. */
const KINDS = ["process", "group", "user"] as const;

/**
 * Ids of the processes that a number stands for, as this host counts them; a thread's own number
 * for a thread.
 */
export function namedProcesses(
  call: Call,
  target: ProcessCall["targets"][number],
  number: number,
): readonly number[] {
  switch (target.kind) {
    case "group-or-process":
      if (number > 0) return [number];
      if (number === -1) return everyProcess();
      return group(number === 0 ? sys("getpgid", call.target.credentials.tgid) : -number);
    case "which":
      return chosen(
        call,
        KINDS[call.int(target.which ?? 0) - (call.name === "ioprio_set" ? 1 : 0)],
        number,
      );
    default:
      return [number];
  }
}

function chosen(
  call: Call,
  kind: (typeof KINDS)[number] | undefined,
  number: number,
): readonly number[] {
  const { tgid, uid } = call.target.credentials;
  if (kind === "process") return [number];
  if (kind === "group") return group(number === 0 ? sys("getpgid", tgid) : number);
  if (kind === "user")
    return everyProcess().filter((pid) => userOf(pid) === (number === 0 ? uid : number >>> 0));
  return [];
}

/**
 * Every process of the host is asked by one system call, not by its files in /proc: there may be
 * thousands.
 */
function group(wanted: number): readonly number[] {
  return everyProcess().filter((pid) => sys("getpgid", pid) === wanted);
}

/** Without the first process, which kill(2) leaves out. */
export function everyProcess(): readonly number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 1);
}

/** Field of /proc/PID/stat behind the name (proc_pid_stat(5)); -1 of a process that is gone. */
export function fieldOf(pid: number, field: "terminal" | "start"): number {
  const text = textOf(`/proc/${pid}/stat`);
  const index = { terminal: 4, start: 19 }[field];
  return text === null ? -1 : Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[index]);
}

function userOf(pid: number): number {
  return Number(/^Uid:\t(\d+)/m.exec(textOf(`/proc/${pid}/status`) ?? "")?.[1] ?? -1);
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, "latin1");
  } catch {
    // Gone meanwhile, which is an answer.
    return null;
  }
}

/**
 * The process behind a pidfd of the mediator's own: -1 when it has ended, null when the descriptor
 * is none (pidfd_open(2)). A folder of /proc stands for its process, too (pidfd_send_signal(2)).
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
