/** Bytes of memory it takes. */
export const UNTOLD_BYTES = 8;

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
    return this.#memory.readUInt32LE(0);
  }

  counted(count = 1): void {
    this.#memory.writeUInt32LE(Math.min(this.count + count, 0xffffffff), 0);
  }

  passedOn(count: number): void {
    this.#memory.writeUInt32LE(Math.max(this.count - count, 0), 0);
  }

  /** Of a process that has ended: what it left, once. */
  take(): number {
    const { count } = this;
    this.#memory.writeUInt32LE(0, 0);
    return count;
  }
}
