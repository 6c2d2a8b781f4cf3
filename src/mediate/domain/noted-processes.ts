import { offsetsOf, place as placed } from "../../plan/layout.ts";
import { notedProcess } from "../../plan/slots.ts";

export const NOTED_BYTES = placed(notedProcess).size;
const AT = offsetsOf(notedProcess);

/** Identified by its number and its start time in clock ticks since boot. */
export interface Process {
  readonly pid: number;
  readonly start: bigint;
}

/**
 * `confines`: the process has confined itself. `adopts`: it takes orphans other than its own
 * children.
 */
export type Kind = "confines" | "adopts";

/** A process id has 22 bits, so this bit is free. */
const ADOPTS = 0x8000_0000;
/** Clock ticks that a place can hold. */
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
   * Records a process; the first time counts. Returns false if every place is taken by a live
   * process.
   */
  note(kind: Kind, process: Process, since: bigint): boolean {
    if (this.since(kind, process) !== null) return true;
    const place =
      this.#places.find((one) => one.readUInt32LE(AT.process) === 0) ??
      this.#places.find((one) => this.#isOver(one));
    if (place === undefined) return false;
    const ticks = since - process.start;
    // A reader sees an empty place while it is written.
    place.writeUInt32LE(0, AT.process);
    place.writeUInt32LE(Number(ticks < 0n ? 0n : ticks > TICKS_MAX ? TICKS_MAX : ticks), AT.ticks);
    place.writeBigUInt64LE(process.start, AT.start);
    place.writeUInt32LE(word(kind, process.pid), AT.process);
    return true;
  }

  /**
   * When the process was recorded, in clock ticks since boot; an earlier time if the place cannot
   * hold it. null if it was not recorded.
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
