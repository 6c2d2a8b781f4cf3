import { type Mapping, mapShared } from "../ffi.ts";

/** `struct tally` of bpf/tally.h: offsets and size, bytes. */
export const tallyLayout = { count: 0, first: 8, uid: 16, comm: 20, bytes: 40 } as const;
const COMM_BYTES = 16;
const COUNT_BYTES = 8;

/** How often something happened, and the process that was the first. */
export interface Tally {
  readonly count: number;
  /** CLOCK_MONOTONIC, nanoseconds. */
  readonly first: bigint;
  readonly uid: number;
  readonly comm: Uint8Array;
}

export function decodeTally(value: Buffer): Tally {
  const comm = value.subarray(tallyLayout.comm, tallyLayout.comm + COMM_BYTES);
  return {
    count: Number(value.readBigUInt64LE(tallyLayout.count)),
    first: value.readBigUInt64LE(tallyLayout.first),
    uid: value.readUInt32LE(tallyLayout.uid),
    comm: Uint8Array.from(comm.subarray(0, Math.max(0, comm.indexOf(0)))),
  };
}

/** The only element of a map that counts (`count_only`): reading it is one load from memory. */
export class CountPage {
  readonly #mapping: Mapping;
  readonly #count: BigUint64Array;

  /** `map`: its descriptor, which may be closed afterwards. */
  constructor(map: number) {
    this.#mapping = mapShared(map, COUNT_BYTES, { writable: false });
    const { buffer, byteOffset } = this.#mapping.bytes;
    this.#count = new BigUint64Array(buffer, byteOffset, 1);
  }

  get count(): bigint {
    return Atomics.load(this.#count, 0);
  }

  close(): void {
    this.#mapping.unmap();
  }
}
