import * as fs from "node:fs";
import { PIDFD_THREAD } from "../../src/kernel/constants.ts";

export interface Confining {
  readonly holder: readonly number[];
  readonly mediator: readonly number[];
}

/**
 * The processes that hold the domain of `daemon`: the holder is no relative of the daemon, but
 * began after it. As root its handle of the daemon distinguishes it from other tests' holders; an
 * ordinary user looks at all of its own that are as young.
 */
export function processesThatHold(daemon: number): Confining {
  const young = processes().filter(({ start }) => start >= startOf(daemon));
  const holder = young
    .filter(({ pid, name }) => name === "(cofferdam)" && holds(pid, daemon))
    .map(({ pid }) => pid);
  return {
    holder,
    mediator: young.filter(({ parent }) => holder.includes(parent)).map(({ pid }) => pid),
  };
}

function holds(pid: number, daemon: number): boolean {
  if (process.getuid?.() !== 0) return true;
  const folder = `/proc/${pid}/fdinfo`;
  const names = unlessGone(() => fs.readdirSync(folder), []);
  return names.some((name) =>
    new RegExp(`^Pid:\\s+${daemon}$`, "m").test(textOf(`${folder}/${name}`)),
  );
}

interface Process {
  readonly pid: number;
  readonly name: string;
  readonly parent: number;
  /** Ticks since the system's start. */
  readonly start: number;
}

/**
 * proc_pid_stat(5): the name is in parentheses and may hold anything; parent and start are fields 4
 * and 22.
 */
function processes(): readonly Process[] {
  const pids = fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.flatMap((text) => {
    const [, name = "", rest = ""] = /\((.*)\) (.*)/s.exec(textOf(`/proc/${text}/stat`)) ?? [];
    const fields = rest.split(" ");
    return [{ pid: Number(text), name, parent: Number(fields[1]), start: Number(fields[19]) }];
  });
}

function textOf(file: string): string {
  return unlessGone(() => fs.readFileSync(file, "utf8"), "");
}

/** Processes of other tests end while they are looked at. */
function unlessGone<T>(look: () => T, gone: T): T {
  try {
    return look();
  } catch (error) {
    if (
      error instanceof Error &&
      "code" in error &&
      (error.code === "ENOENT" || error.code === "ESRCH")
    )
      return gone;
    throw error;
  }
}

function startOf(pid: number): number {
  return processes().find((process) => process.pid === pid)?.start ?? 0;
}

/**
 * The mediator that a holder has started, and serves: far cheaper than {@link processesThatHold},
 * for callers that ask repeatedly.
 */
export function ownMediator(holder: number): number | null {
  const children = textOf(`/proc/${holder}/task/${holder}/children`)
    .trim()
    .split(" ")
    .filter(Boolean);
  return children.map(Number).find(serves) ?? null;
}

/**
 * It has looked at a thread that asked: before it had answered anything, its death would count
 * against it.
 */
export function serves(pid: number): boolean {
  try {
    return fs.readdirSync(`/proc/${pid}/fd`).some((fd) => isOfTarget(pid, fd));
  } catch {
    return false;
  }
}

/** What a mediator keeps of a thread that asks: its pidfd, or before Linux 6.13 its status. */
function isOfTarget(pid: number, fd: string): boolean {
  if (/^\/proc\/\d+\/status$/.test(fs.readlinkSync(`/proc/${pid}/fd/${fd}`))) return true;
  const text = fs.readFileSync(`/proc/${pid}/fdinfo/${fd}`, "latin1");
  const flags = Number.parseInt(/^flags:\t([0-7]+)$/m.exec(text)?.[1] ?? "0", 8);
  return /^Pid:\t\d+$/m.test(text) && (flags & PIDFD_THREAD) !== 0;
}
