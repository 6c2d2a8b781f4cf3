import { offsetsOf, place } from "../../plan/layout.ts";
import { untold } from "../../plan/slots.ts";

/** Bytes of memory it takes. */
export const UNTOLD_BYTES = place(untold).size;
const { count: COUNT } = offsetsOf(untold);
/** Events: more are not told apart. */
const COUNT_MAX = 2 ** 32 - 1;

/**
 * How many events its process has counted and not passed on yet. The number lies in memory that
 * outlives the process, so that whoever finds it can say how many went with it.
 */
export class Untold {
  readonly #memory: Buffer;

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

  /** Of a process that has ended: what it left, once. */
  take(): number {
    const { count } = this;
    this.#memory.writeUInt32LE(0, COUNT);
    return count;
  }
}
