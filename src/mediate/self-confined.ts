import { readFileSync } from "node:fs";

/** Bytes of memory it takes. */
export const SELF_CONFINED_BYTES = 8;

/**
 * Remembers that somebody called landlock_restrict_self(2), so that the mediator undoes no confinement a daemon gives itself (landlock(7)). Children inherit it,
 * and parents may be gone by then: every process that started no earlier than the first one that called counts as confined. Kept in memory that mediator, worker and
 * successor share.
 */
export class SelfConfined {
  /** u64: one more than the start, in clock ticks since boot, of the oldest process that confined itself; 0 while none did. */
  readonly #memory: Buffer;

  constructor(memory: Buffer) {
    this.#memory = memory;
  }

  mark(tgid: number): void {
    const from = startTicks(tgid) + 1n;
    const known = this.#from;
    if (known === 0n || from < known) this.#memory.writeBigUInt64LE(from);
  }

  has(tgid: number): boolean {
    // Nearly always, and asked for every call.
    if (this.#memory.readUInt32LE(0) === 0 && this.#memory.readUInt32LE(4) === 0) return false;
    const from = this.#from;
    return from !== 0n && startTicks(tgid) + 1n >= from;
  }

  get #from(): bigint {
    return this.#memory.readBigUInt64LE();
  }
}

/** Later than any process. */
const NEVER = 2n ** 63n;

/** Field 22 of /proc/PID/stat (proc_pid_stat(5)); a process that cannot be read counts as new. */
function startTicks(tgid: number): bigint {
  try {
    const text = readFileSync(`/proc/${tgid}/stat`, "latin1");
    return BigInt(text.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? NEVER);
  } catch {
    return NEVER;
  }
}
