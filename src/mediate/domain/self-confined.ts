import type { ProcStat } from "../../domains/proc-stat.ts";
import { offsetsOf, place } from "../../plan/layout.ts";
import { selfConfined } from "../../plan/slots.ts";
import { ANCESTORS_MAX, KIN_KEPT_MAX } from "../limits.ts";
import { clockTicksNow } from "../sys/clock-ticks.ts";
import { keepLatest } from "./keep-latest.ts";
import type { NotedProcesses, Process } from "./noted-processes.ts";

/** Bytes of memory it takes. */
export const SELF_CONFINED_BYTES = place(selfConfined).size;
const AT = offsetsOf(selfConfined);

/** A process, and who is its parent now. */
interface Kin extends Process {
  readonly parent: number;
}

/** What is known of a domain's processes. */
export interface Lineage {
  /** Null for a process that is gone; throws where nobody can tell. */
  read(pid: number): Pick<ProcStat, "parent" | "start"> | null;
  /**
   * Orphans never become its children: it is in the domain, and no first process of a pid
   * namespace.
   */
  bears(pid: number): boolean;
  /** It is the process with which the domain began. */
  isFirst(process: Process): boolean;
}

/**
 * Remembers who called landlock_restrict_self(2), so that the mediator undoes no confinement that
 * processes give themselves (landlock(7)): those that called count as confined, and so does all
 * that descends from them later. Who descends from whom is told by the line of parents, as far as
 * it can be believed:
 *
 * - whoever began before the first confinement descends from nobody that is confined;
 * - a parent made its child, unless it took an orphan: then the child's first parent is gone, and
 *   the child counts as confined. Orphans are taken by processes outside the domain, by the first
 *   one of a pid namespace, and by those that asked for it (PR_SET_CHILD_SUBREAPER) or whose child
 *   made one for them (CLONE_PARENT); the mediator is notified of both.
 *
 * Whatever cannot be told counts as confined. All that is shared lies in memory of mediator, worker
 * and successor.
 */
export class SelfConfined {
  readonly #memory: Buffer;
  readonly #noted: NotedProcesses;
  /** Null where nobody is asked about calls that make a parent of who is none. */
  readonly #lineage: Lineage | null;
  readonly #read: Lineage["read"];
  /**
   * What was found of processes that began after the first confinement, by process id, first ones
   * first.
   */
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

  /** Before the call is answered by which it confines itself. */
  mark(tgid: number): void {
    const now = clockTicksNow();
    const own = this.#kin(tgid);
    if (own === null || !this.#noted.note("confines", own, now)) this.believeNoLine();
    if (this.#first === 0n || now + 1n < this.#first)
      this.#memory.writeBigUInt64LE(now + 1n, AT.first);
  }

  /** Before a call is answered by which a process takes orphans from now on. */
  adopts(tgid: number): void {
    const own = this.#kin(tgid);
    if (own === null || !this.#noted.note("adopts", own, clockTicksNow())) this.believeNoLine();
  }

  /** Before a call is answered by which its parent may get a child that is its own. */
  bearsForParent(tgid: number): void {
    if (!this.has(tgid)) return;
    const own = this.#kin(tgid);
    if (own === null) this.believeNoLine();
    else this.adopts(own.parent);
  }

  /** From now on whoever began after the first confinement counts as confined. */
  believeNoLine(): void {
    this.#memory.writeUInt32LE(1, AT.adopts);
  }

  has(tgid: number): boolean {
    // Nearly always, and asked for every call.
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
    // One that ended within the tick in which it began could have been followed by another one of
    // its number.
    if (found !== null && (found || own.start < clockTicksNow())) this.#keep(own, found);
    return found ?? true;
  }

  /** Up the line of parents; null where it broke meanwhile. */
  #follow(own: Kin, lineage: Lineage): boolean | null {
    let child = own;
    for (let step = 0; step < ANCESTORS_MAX; step++) {
      const parent = this.#kin(child.parent);
      if (parent === null) return null;
      const bears = lineage.bears(parent.pid);
      // It lived all the while, or the child would have another parent: its number is not somebody
      // else's.
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
      // Nobody can tell: who asks counts as confined.
      return null;
    }
  }
}
