import type { Membership } from "./membership.ts";
import { type ProcStat, readProc } from "./proc-stat.ts";
import type { Run } from "./runs.ts";

type Kin = Pick<ProcStat, "parent" | "start">;

/**
 * Finds the domains of an ordinary user's processes, whose runs have no control groups. They are
 * the descendants of the daemons of `runs`, without the holders and the processes that holders
 * start. A process whose parents have ended leads to no run. If it may come from a domain, it
 * counts as `unknown`.
 */
export class Ancestry {
  readonly #processes: ReadonlyMap<number, Kin>;
  readonly #runs: readonly Run[];
  readonly #daemons: ReadonlyMap<number, Run>;
  readonly #holders: ReadonlyMap<number, Run>;
  readonly #known = new Map<number, Run | null>();
  readonly #identityOf: typeof readIdentity;

  /** `processes`: all of the host, by process id. */
  constructor(processes: ReadonlyMap<number, Kin>, all: readonly Run[], identityOf = readIdentity) {
    this.#processes = processes;
    this.#identityOf = identityOf;
    const runs = all.filter((run) => this.#isCredible(run));
    this.#runs = runs;
    this.#daemons = new Map(runs.map((run) => [run.pid, run]));
    this.#holders = new Map(runs.map((run) => [run.holder, run]));
  }

  of(pid: number): Membership {
    if (this.#runs.length === 0) return "superDom";
    const run = this.#runOf(pid);
    if (run === null) return this.#mayBeOrphan(pid) ? "unknown" : "superDom";
    return this.#isOwners(pid, run)
      ? { domain: run.domain, number: run.number, run: run.pid }
      : "superDom";
  }

  /** The run of a daemon that {@link of} named, if its record is credible. */
  run(daemon: number | null): Run | undefined {
    return daemon === null ? undefined : this.#daemons.get(daemon);
  }

  /**
   * A user can write false records about other users' processes into a folder of their own, so
   * daemon and holder must belong to the folder's owner while they live.
   */
  #isCredible({ pid, start, holder, holderStart, owner }: Run): boolean {
    const named = [
      [pid, start],
      [holder, holderStart],
    ] as const;
    const alive = named.filter(([one, began]) => this.#processes.get(one)?.start === began);
    return owner === 0 || alive.every(([one]) => this.#identityOf(one)?.uid === owner);
  }

  /**
   * A process that the daemon's user started through sudo is no longer in the domain: without root
   * no process of a domain changes its user.
   */
  #isOwners(pid: number, { owner }: Run): boolean {
    return owner === 0 || this.#identityOf(pid)?.uid === owner;
  }

  /** The run that the line of parents leads to. Each process is looked up once. */
  #runOf(pid: number): Run | null {
    const line: number[] = [];
    let found: Run | null = null;
    for (let at: number | null = pid; at !== null; at = this.#parentOf(at)) {
      const known = this.#known.get(at);
      const run = this.#startedAs(this.#daemons, at, "start");
      found = known ?? run;
      if (known !== undefined || run !== null || this.#isHolder(at) || line.includes(at)) break;
      line.push(at);
    }
    for (const one of line) this.#known.set(one, found);
    return found;
  }

  /**
   * null at the end of the line of parents, and if the parent is younger than its child: the id was
   * reused.
   */
  #parentOf(pid: number): number | null {
    const child = this.#processes.get(pid);
    const parent = child && this.#processes.get(child.parent);
    return child && parent && parent.start <= child.start ? child.parent : null;
  }

  #startedAs(
    runs: ReadonlyMap<number, Run>,
    pid: number,
    start: "start" | "holderStart",
  ): Run | null {
    const run = runs.get(pid);
    return run !== undefined && this.#processes.get(pid)?.start === run[start] ? run : null;
  }

  #isHolder(pid: number): boolean {
    return this.#startedAs(this.#holders, pid, "holderStart") !== null;
  }

  /**
   * Every process of a domain is younger than its daemon, carries its system call filter, and,
   * without root, its user's real id.
   */
  #mayBeOrphan(pid: number): boolean {
    const start = this.#processes.get(pid)?.start;
    const older = this.#runs.filter((run) => start !== undefined && run.start <= start);
    if (older.length === 0 || this.#isBelowHolder(pid)) return false;
    const identity = this.#identityOf(pid);
    return (
      identity?.filtered === true &&
      older.some(({ owner }) => owner === 0 || owner === identity.uid)
    );
  }

  #isBelowHolder(pid: number): boolean {
    for (
      let at: number | null = pid, steps = 0;
      at !== null && steps < ANCESTORS_MAX;
      at = this.#parentOf(at), steps++
    )
      if (this.#isHolder(at)) return true;
    return false;
  }
}

/** Steps up a line of parents; an inconsistent reading of /proc could make a circle. */
const ANCESTORS_MAX = 1000;

interface Identity {
  readonly uid: number;
  readonly filtered: boolean;
}

/** proc_pid_status(5); null for a process that is gone. */
function readIdentity(pid: number): Identity | null {
  const status = readProc(`/proc/${pid}/status`);
  const uid = status === null ? undefined : /^Uid:\t(\d+)/m.exec(status)?.[1];
  return status === null || uid === undefined
    ? null
    : { uid: Number(uid), filtered: /^Seccomp:\t2$/m.test(status) };
}
