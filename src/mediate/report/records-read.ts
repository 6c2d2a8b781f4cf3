/** Bytes of memory that the control group's id takes. */
export const GROUP_BYTES = 8;
/** Bytes of memory that the rest takes. */
export const RECORDS_READ_BYTES = 16;

/**
 * What mediators of one domain have read of the records of its control group's programs, in memory
 * that outlives them: a successor goes on where one before it ended, and what was told twice or
 * never is a matter of the one event that was in hand.
 */
export class RecordsRead {
  readonly #group: Buffer;
  readonly #rest: Buffer;

  constructor(group: Buffer, rest: Buffer) {
    this.#group = group;
    this.#rest = rest;
  }

  /** The id of the control group; null where nobody has begun, or everything was read. */
  get group(): bigint | null {
    const id = this.#group.readBigUInt64LE(0);
    return id === 0n ? null : id;
  }

  set group(id: bigint | null) {
    this.#group.writeBigUInt64LE(id ?? 0n, 0);
  }

  /** How many records were passed on. */
  get told(): number {
    return Number(this.#rest.readBigUInt64LE(0));
  }

  /** When the latest of those that were read was first made: CLOCK_MONOTONIC, nanoseconds. */
  get until(): bigint {
    return this.#rest.readBigUInt64LE(8);
  }

  note(told: number, until: bigint): void {
    this.#rest.writeBigUInt64LE(BigInt(told), 0);
    this.#rest.writeBigUInt64LE(until, 8);
  }
}
