import { offsetsOf, place as placed } from "../../plan/layout.ts";
import { notedProcess } from "../../plan/slots.ts";

/** Size of one place, bytes. */
export const NOTED_BYTES = placed(notedProcess).size;
const AT = offsetsOf(notedProcess);

/** A process, identified by its number and its start time in clock ticks since boot. */
export interface Process {
  readonly pid: number;
  readonly start: bigint;
}

/** It has confined itself; or it takes orphans that are not its own children. */
export type Kind = "confines" | "adopts";

/** A process id has 22 bits, so this bit is free. */
const ADOPTS = 0x8000_0000;
/** Limit on the clock ticks that a place can hold. */
const TICKS_MAX = 0xffff_ffffn;

/**
 * Facts about processes of a domain that its mediators must know while the processes live. They lie
 * in memory that mediator, worker and successor share, one per place.
 */
export class NotedProcesses {
  readonly #places: readonly Buffer[];
  readonly #startOf: (pid: number) => bigint | null;

  /** `startOf`: null for a process that is gone. */
  constructor(places: readonly Buffer[], startOf: (pid: number) => bigint | null) {
    this.#places = places;
    this.#startOf = startOf;
  }

  /**
   * Notes a process; the first time counts. Returns false where every place is taken by a live
   * process.
   */
  note(kind: Kind, process: Process, since: bigint): boolean {
    if (this.since(kind, process) !== null) return true;
    const place =
      this.#places.find((one) => one.readUInt32LE(AT.process) === 0) ??
      this.#places.find((one) => this.#isOver(one));
    if (place === undefined) return false;
    const ticks = since - process.start;
    // A process that reads the place meanwhile finds it empty.
    place.writeUInt32LE(0, AT.process);
    place.writeUInt32LE(Number(ticks < 0n ? 0n : ticks > TICKS_MAX ? TICKS_MAX : ticks), AT.ticks);
    place.writeBigUInt64LE(process.start, AT.start);
    place.writeUInt32LE(word(kind, process.pid), AT.process);
    return true;
  }

  /**
   * When the process was noted, in clock ticks since boot, or earlier where that is longer ago than
   * fits. null where it was not.
   */
  since(kind: Kind, { pid, start }: Process): bigint | null {
    const wanted = word(kind, pid);
    for (const place of this.#places)
      if (place.readUInt32LE(AT.process) === wanted && place.readBigUInt64LE(AT.start) === start)
        return start + BigInt(place.readUInt32LE(AT.ticks));
    return null;
  }

  #isOver(place: Buffer): boolean {
    return (
      this.#startOf((place.readUInt32LE(AT.process) & ~ADOPTS) >>> 0) !==
      place.readBigUInt64LE(AT.start)
    );
  }
}

function word(kind: Kind, pid: number): number {
  return (kind === "adopts" ? pid | ADOPTS : pid) >>> 0;
}
