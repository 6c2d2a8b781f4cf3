import type { ProcStat } from "../../domains/proc-stat.ts";
import { offsetsOf, place } from "../../plan/layout.ts";
import { selfConfined } from "../../plan/slots.ts";
import { ANCESTORS_MAX, KIN_KEPT_MAX } from "../limits.ts";
import { clockTicksNow } from "../sys/clock-ticks.ts";
import { keepLatest } from "./keep-latest.ts";
import type { NotedProcesses, Process } from "./noted-processes.ts";

export const SELF_CONFINED_BYTES = place(selfConfined).size;
const AT = offsetsOf(selfConfined);

interface Kin extends Process {
  readonly parent: number;
}

export interface Lineage {
  /** null for a process that is gone. Throws if its stat cannot be read. */
  read(pid: number): Pick<ProcStat, "parent" | "start"> | null;
  /**
   * The process is in the domain and not the init of a pid namespace, which takes orphans without a
   * call.
   */
  bears(pid: number): boolean;
  isFirst(process: Process): boolean;
}

/**
 * Remembers processes that called landlock_restrict_self(2), so that the mediator never undoes a
 * confinement that processes give themselves (landlock(7)). Such a process counts as confined, and
 * so do its later descendants. Descent is read from the line of parents, within these limits:
 *
 * - A process that began before the first confinement descends from no confined process.
 * - A parent may have taken an orphan instead of making the child. Then the child's first parent is
 *   gone, and the child counts as confined. Orphans go to processes outside the domain, to the init
 *   of a pid namespace, and to processes that asked for them (PR_SET_CHILD_SUBREAPER) or whose
 *   child made a sibling (CLONE_PARENT). The mediator is notified of the last two.
 *
 * In doubt a process counts as confined. The shared part lies in memory of mediator, worker and
 * successor.
 */
export class SelfConfined {
  readonly #memory: Buffer;
  readonly #noted: NotedProcesses;
  /** null in a sealed domain, where calls that give a process other children are not notified. */
  readonly #lineage: Lineage | null;
  readonly #read: Lineage["read"];
  /** Results for processes that began after the first confinement, by process id, oldest first. */
  readonly #found = new Map<number, { readonly start: bigint; readonly confined: boolean }>();

  constructor(
    memory: Buffer,
    noted: NotedProcesses,
    read: Lineage["read"],
    lineage: Lineage | null,
  ) {
    this.#memory = memory;
    this.#noted = noted;
    this.#read = read;
    this.#lineage = lineage;
  }

  /** Call before answering the call by which a process confines itself. */
  mark(tgid: number): void {
    const now = clockTicksNow();
    const own = this.#kin(tgid);
    if (own === null || !this.#noted.note("confines", own, now)) this.believeNoLine();
    if (this.#first === 0n || now + 1n < this.#first)
      this.#memory.writeBigUInt64LE(now + 1n, AT.first);
  }

  /** Call before answering a call that makes a process take orphans. */
  adopts(tgid: number): void {
    const own = this.#kin(tgid);
    if (own === null || !this.#noted.note("adopts", own, clockTicksNow())) this.believeNoLine();
  }

  /** Call before answering a call that may give the caller's parent another child. */
  bearsForParent(tgid: number): void {
    if (!this.has(tgid)) return;
    const own = this.#kin(tgid);
    if (own === null) this.believeNoLine();
    else this.adopts(own.parent);
  }

  believeNoLine(): void {
    this.#memory.writeUInt32LE(1, AT.adopts);
  }

  has(tgid: number): boolean {
    // Nearly always true, and checked for every call.
    if (this.#memory.readUInt32LE(AT.first) === 0 && this.#memory.readUInt32LE(AT.first + 4) === 0)
      return false;
    const own = this.#kin(tgid);
    if (own === null || this.#noted.since("confines", own) !== null) return true;
    return own.start + 1n >= this.#first && this.#descends(own);
  }

  get #first(): bigint {
    return this.#memory.readBigUInt64LE(AT.first);
  }

  #descends(own: Kin): boolean {
    if (this.#lineage === null || this.#memory.readUInt32LE(AT.adopts) !== 0) return true;
    const known = this.#known(own);
    if (known !== null) return known;
    const found = this.#follow(own, this.#lineage);
    // In the tick in which a process began it may end, and another may begin with its number. Such
    // a result is kept only if it is `confined`.
    if (found !== null && (found || own.start < clockTicksNow())) this.#keep(own, found);
    return found ?? true;
  }

  /** Returns null if the line of parents changed meanwhile. */
  #follow(own: Kin, lineage: Lineage): boolean | null {
    let child = own;
    for (let step = 0; step < ANCESTORS_MAX; step++) {
      const parent = this.#kin(child.parent);
      if (parent === null) return null;
      const bears = lineage.bears(parent.pid);
      // The child still has this parent, so the parent was alive and the number belonged to it all
      // the time.
      const again = this.#kin(child.pid);
      if (again?.start !== child.start || again.parent !== child.parent) return null;
      const since = this.#noted.since("confines", parent);
      if (since !== null && child.start >= since) return true;
      if (!bears || this.#noted.since("adopts", parent) !== null) return !lineage.isFirst(child);
      if (parent.start + 1n < this.#first) return false;
      const known = this.#known(parent);
      if (known !== null) return known;
      child = parent;
    }
    return true;
  }

  #known({ pid, start }: Process): boolean | null {
    const known = this.#found.get(pid);
    return known?.start === start ? known.confined : null;
  }

  #keep({ pid, start }: Process, confined: boolean): void {
    keepLatest(this.#found, pid, { start, confined }, KIN_KEPT_MAX);
  }

  #kin(pid: number): Kin | null {
    try {
      const found = this.#read(pid);
      return found === null ? null : { pid, start: found.start, parent: found.parent };
    } catch {
      return null;
    }
  }
}
