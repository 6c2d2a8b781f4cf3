import type { Denial, SyscallRecord } from "../../kernel/audit/landlock-record.ts";
import { PENDING_SERIALS_MAX } from "../limits.ts";

/** With the process, if the kernel named it. */
export interface MergedDenial {
  readonly serial: number;
  readonly denial: Denial;
  /** Wall clock, milliseconds. */
  readonly time: number;
  readonly by: SyscallRecord | null;
}

interface Pending {
  readonly time: number;
  readonly denials: Denial[];
  /** Milliseconds of the caller's clock, when the first record arrived. */
  readonly since: number;
}

/**
 * Milliseconds. The system call record follows its denials at once, or never comes (`-a
 * never,task`).
 */
const SYSCALL_RECORD_WAIT_MS = 100;

/**
 * Joins the records of one serial. A serial without a system call record is passed on after a short
 * wait.
 */
export class Serials {
  readonly #sink: (merged: MergedDenial) => void;
  readonly #pending = new Map<number, Pending>();

  constructor(sink: (merged: MergedDenial) => void) {
    this.#sink = sink;
  }

  addDenial(serial: number, time: number, denial: Denial, now: number): void {
    const pending = this.#pending.get(serial);
    if (pending !== undefined) {
      pending.denials.push(denial);
      return;
    }
    const oldest = this.#pending.keys().next().value;
    if (this.#pending.size >= PENDING_SERIALS_MAX && oldest !== undefined)
      this.#finish(oldest, null);
    this.#pending.set(serial, { time, denials: [denial], since: now });
  }

  addSyscall(serial: number, by: SyscallRecord): void {
    this.#finish(serial, by);
  }

  /**
   * Passes on what has waited long enough; `everything` at the end. True while something is left.
   */
  expire(now: number, everything = false): boolean {
    for (const [serial, { since }] of this.#pending) {
      if (everything || now - since >= SYSCALL_RECORD_WAIT_MS) this.#finish(serial, null);
    }
    return this.#pending.size > 0;
  }

  #finish(serial: number, by: SyscallRecord | null): void {
    const pending = this.#pending.get(serial);
    if (pending === undefined) return;
    this.#pending.delete(serial);
    for (const denial of pending.denials) this.#sink({ serial, denial, time: pending.time, by });
  }
}
