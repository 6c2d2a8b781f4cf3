import type { Owner } from "../../events/log/event-log.ts";
import { offsetsOf, place } from "../../plan/layout.ts";
import { untold } from "../../plan/slots.ts";

export const UNTOLD_BYTES = place(untold).size;
const { count: COUNT } = offsetsOf(untold);
/** Limit of the count. */
const COUNT_MAX = 2 ** 32 - 1;

/**
 * The number of events that a process has counted and the log does not have yet. It lies in
 * memory that outlives the process, so that a successor can report how many were lost.
 */
export class Untold implements Owner {
  #memory: Buffer;

  constructor(memory: Buffer) {
    this.#memory = memory;
  }

  get count(): number {
    return this.#memory.readUInt32LE(COUNT);
  }

  counted(count = 1): void {
    this.#memory.writeUInt32LE(Math.min(this.count + count, COUNT_MAX), COUNT);
  }

  passedOn(count: number): void {
    this.#memory.writeUInt32LE(Math.max(this.count - count, 0), COUNT);
  }

  /** Leaves the memory. What the log takes afterwards is counted nowhere. */
  close(): void {
    this.#memory = Buffer.alloc(UNTOLD_BYTES);
  }
}
