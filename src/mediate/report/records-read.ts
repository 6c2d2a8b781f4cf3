import { offsetsOf, place } from "../../plan/layout.ts";
import { recordsGroup, recordsRead } from "../../plan/slots.ts";

/** Bytes of memory that the control group's id takes. */
export const GROUP_BYTES = place(recordsGroup).size;
/** Bytes of memory that the rest takes. */
export const RECORDS_READ_BYTES = place(recordsRead).size;
const GROUP = offsetsOf(recordsGroup);
const READ = offsetsOf(recordsRead);

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
    const id = this.#group.readBigUInt64LE(GROUP.id);
    return id === 0n ? null : id;
  }

  set group(id: bigint | null) {
    this.#group.writeBigUInt64LE(id ?? 0n, GROUP.id);
  }

  /** How many records were passed on. */
  get told(): number {
    return Number(this.#rest.readBigUInt64LE(READ.told));
  }

  /** When the latest of those that were read was first made: CLOCK_MONOTONIC, nanoseconds. */
  get until(): bigint {
    return this.#rest.readBigUInt64LE(READ.until);
  }

  note(told: number, until: bigint): void {
    this.#rest.writeBigUInt64LE(BigInt(told), READ.told);
    this.#rest.writeBigUInt64LE(until, READ.until);
  }
}
