import { offsetsOf, place } from "../../plan/layout.ts";
import { recordsGroup, recordsRead } from "../../plan/slots.ts";

export const GROUP_BYTES = place(recordsGroup).size;
/** Size of the rest, bytes. */
export const RECORDS_READ_BYTES = place(recordsRead).size;
const GROUP = offsetsOf(recordsGroup);
const READ = offsetsOf(recordsRead);

/**
 * How far mediators of a domain have read the records of its control group's programs. It lies in
 * memory that outlives them, so a successor continues there. A mediator's death can repeat or lose
 * at most one event.
 */
export class RecordsRead {
  readonly #group: Buffer;
  readonly #rest: Buffer;

  constructor(group: Buffer, rest: Buffer) {
    this.#group = group;
    this.#rest = rest;
  }

  /** null if reading has not begun, or everything was read. */
  get group(): bigint | null {
    const id = this.#group.readBigUInt64LE(GROUP.id);
    return id === 0n ? null : id;
  }

  set group(id: bigint | null) {
    this.#group.writeBigUInt64LE(id ?? 0n, GROUP.id);
  }

  get told(): number {
    return Number(this.#rest.readBigUInt64LE(READ.told));
  }

  /** The time of the latest record that was read, CLOCK_MONOTONIC, nanoseconds. */
  get until(): bigint {
    return this.#rest.readBigUInt64LE(READ.until);
  }

  note(told: number, until: bigint): void {
    this.#rest.writeBigUInt64LE(BigInt(told), READ.told);
    this.#rest.writeBigUInt64LE(until, READ.until);
  }
}
