import { readdirSync } from "node:fs";
import { hasCode } from "../kernel/errno-error.ts";
import { readAffinity } from "./affinity.ts";
import { type Confinement, Confinements, type HostDomains } from "./confinement.ts";
import {
  CLOCK_TICKS_A_SECOND,
  type ProcStat,
  parseProcStat,
  readProc,
  readWords,
} from "./proc-stat.ts";

export interface ListedProcess {
  readonly pid: number;
  /** Equals `pid` except for threads. */
  readonly tid: number;
  readonly kind: "process" | "thread" | "kernel";
  readonly comm: string;
  /** The words of the start; the bare name if there are none (kernel threads, zombies). */
  readonly command: string;
  /** Letter of proc_pid_stat(5). */
  readonly state: string;
  readonly group: number;
  /** Seconds of processor time. */
  readonly seconds: number;
  /**
   * The kernel function in which it sleeps; null if it runs, or the kernel does not tell. Only with
   * `details`.
   */
  readonly waits: string | null;
  /** E.g. `0-11`. Only with `details`. */
  readonly cpus: string | null;
  readonly confinement: Confinement | "superDom" | "unknown";
}

export interface ListOptions extends HostDomains {
  readonly threads: boolean;
  /** Also reads what takes one more system call each. */
  readonly details: boolean;
}

/**
 * By process id ascending, each process followed by its threads. Processes that end meanwhile are
 * left out.
 */
export function listProcesses(options: ListOptions): readonly ListedProcess[] {
  const stats = new Map<number, ProcStat>();
  for (const pid of numbersIn("/proc")) {
    const stat = statOf(`/proc/${pid}`);
    if (stat !== null) stats.set(pid, stat);
  }
  const confinements = new Confinements(stats, options);
  return [...stats].flatMap(([pid, stat]) => rowsOf(pid, stat, confinements, options));
}

function rowsOf(
  pid: number,
  stat: ProcStat,
  confinements: Confinements,
  options: ListOptions,
): ListedProcess[] {
  const confinement = confinements.of(pid);
  if (confinement === null) return [];
  const words = stat.kernel ? "" : readWords(pid);
  if (words === null) return [];
  const command = words.replace(/\0+$/, "").replaceAll("\0", " ") || `[${stat.comm}]`;
  const row = (tid: number, own: ProcStat): ListedProcess => ({
    pid,
    tid,
    kind: own.kernel ? "kernel" : tid === pid ? "process" : "thread",
    comm: own.comm,
    command,
    state: own.state,
    group: own.group,
    seconds: own.ticks / CLOCK_TICKS_A_SECOND,
    waits: options.details && own.state !== "R" ? sleepsIn(pid, tid) : null,
    cpus: options.details ? readAffinity(tid) : null,
    confinement,
  });
  const threads =
    options.threads && !stat.kernel
      ? numbersIn(`/proc/${pid}/task`).filter((tid) => tid !== pid)
      : [];
  const below = threads.flatMap((tid) => {
    const own = statOf(`/proc/${pid}/task/${tid}`);
    return own === null ? [] : [row(tid, own)];
  });
  // The process's file adds up all its threads; the first thread's own time is in its task file
  // (proc_pid_stat(5)).
  const first = threads.length === 0 ? stat : (statOf(`/proc/${pid}/task/${pid}`) ?? stat);
  return [row(pid, first), ...below];
}

function statOf(folder: string): ProcStat | null {
  const text = readProc(`${folder}/stat`);
  return text === null ? null : parseProcStat(text);
}

/** The kernel shows `0` for a running thread, and to users without the right. */
function sleepsIn(pid: number, tid: number): string | null {
  const name = readProc(`/proc/${pid}/task/${tid}/wchan`);
  return name === null || name === "0" || name === "" ? null : name;
}

/** Of processes in /proc, or of threads in a process's `task`, ascending; none if it has ended. */
export function numbersIn(folder: string): readonly number[] {
  try {
    const names = readdirSync(folder).filter((name) => /^\d+$/.test(name));
    return names.map(Number).sort((a, b) => a - b);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ESRCH", "EACCES")) return [];
    throw error;
  }
}
