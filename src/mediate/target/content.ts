import type { Memory } from "./memory.ts";

export interface Stretch {
  readonly at: bigint;
  readonly length: number;
}

/**
 * Data to be sent, as it lies in the target's memory. It is read when it is sent, and read again
 * for each retry: a call that waits keeps no copy here.
 */
export class Content {
  readonly #memory: Memory;
  readonly #stretches: readonly Stretch[];
  readonly length: number;

  constructor(memory: Memory, stretches: readonly Stretch[]) {
    this.#memory = memory;
    this.#stretches = stretches;
    this.length = stretches.reduce((sum, { length }) => sum + length, 0);
  }

  /** Reads up to `most` bytes from byte `from` on. Settles the call if they cannot be read. */
  read(from: number, most: number): Buffer {
    const pieces: Buffer[] = [];
    let [skipped, left] = [from, Math.min(most, this.length - from)];
    for (const { at, length } of this.#stretches) {
      const taken = Math.min(length - skipped, left);
      if (taken > 0) pieces.push(this.#memory.read(at + BigInt(skipped), taken));
      left -= Math.max(taken, 0);
      skipped = Math.max(skipped - length, 0);
    }
    return Buffer.concat(pieces);
  }
}
