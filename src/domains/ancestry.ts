import type { Member, Membership } from "./membership.ts";
import { type ProcStat, readProc } from "./proc-stat.ts";
import type { Run } from "./runs.ts";

/** What ancestry needs of a process. */
type Kin = Pick<ProcStat, "parent" | "start">;

/**
 * Whose processes are an ordinary user's, who has no control groups: the descendants of the daemons of `runs`, but for the holders and what they
 * start. A process whose parents died is no longer anybody's descendant: one that may be such an orphan is `unknown`.
 */
export class Ancestry {
  readonly #processes: ReadonlyMap<number, Kin>;
  readonly #runs: readonly Run[];
  readonly #daemons: ReadonlyMap<number, Run>;
  readonly #holders: ReadonlyMap<number, Run>;
  readonly #known = new Map<number, Member | null>();

  /** `processes`: all of the host, by process id. */
  constructor(processes: ReadonlyMap<number, Kin>, runs: readonly Run[]) {
    this.#processes = processes;
    this.#runs = runs;
    this.#daemons = new Map(runs.map((run) => [run.pid, run]));
    this.#holders = new Map(runs.map((run) => [run.holder, run]));
  }

  of(pid: number): Membership {
    if (this.#runs.length === 0) return "superDom";
    return this.#memberOf(pid) ?? (this.#mayBeOrphan(pid) ? "unknown" : "superDom");
  }

  /** The member that the line of parents says, each looked up once. */
  #memberOf(pid: number): Member | null {
    const line: number[] = [];
    let member: Member | null = null;
    for (let at: number | null = pid; at !== null; at = this.#parentOf(at)) {
      const known = this.#known.get(at);
      const run = this.#startedAs(this.#daemons, at, "start");
      if (known !== undefined) member = known;
      else if (run !== null) member = { domain: run.domain, number: run.number, run: run.pid };
      if (known !== undefined || run !== null || this.#isHolder(at) || line.includes(at)) break;
      line.push(at);
    }
    for (const one of line) this.#known.set(one, member);
    return member;
  }

  /** Null at the end of the line, and where the process id of a parent was given to somebody younger. */
  #parentOf(pid: number): number | null {
    const child = this.#processes.get(pid);
    const parent = child && this.#processes.get(child.parent);
    return child && parent && parent.start <= child.start ? child.parent : null;
  }

  #startedAs(runs: ReadonlyMap<number, Run>, pid: number, start: "start" | "holderStart"): Run | null {
    const run = runs.get(pid);
    return run !== undefined && this.#processes.get(pid)?.start === run[start] ? run : null;
  }

  #isHolder(pid: number): boolean {
    return this.#startedAs(this.#holders, pid, "holderStart") !== null;
  }

  /** Every process of a domain is younger than its daemon, carries its system call filter, and, without root, its user's real id. */
  #mayBeOrphan(pid: number): boolean {
    const start = this.#processes.get(pid)?.start;
    const older = this.#runs.filter((run) => start !== undefined && run.start <= start);
    if (older.length === 0 || this.#isBelowHolder(pid)) return false;
    const status = readProc(`/proc/${pid}/status`);
    if (status === null || !/^Seccomp:\t2$/m.test(status)) return false;
    const uid = Number(/^Uid:\t(\d+)/m.exec(status)?.[1]);
    return older.some(({ owner }) => owner === 0 || owner === uid);
  }

  #isBelowHolder(pid: number): boolean {
    for (let at: number | null = pid, steps = 0; at !== null && steps < ANCESTORS_MAX; at = this.#parentOf(at), steps++)
      if (this.#isHolder(at)) return true;
    return false;
  }
}

/** Steps up a line of parents, in which a torn reading of /proc could make a circle. */
const ANCESTORS_MAX = 1000;
