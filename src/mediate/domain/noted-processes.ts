import { offsetsOf, place as placed } from "../../plan/layout.ts";
import { notedProcess } from "../../plan/slots.ts";

/** Bytes of one place. */
export const NOTED_BYTES = placed(notedProcess).size;
const AT = offsetsOf(notedProcess);

/** A process for good: its number and when it began, in clock ticks since boot. */
export interface Process {
  readonly pid: number;
  readonly start: bigint;
}

/** Confined itself; or takes orphans that are not its own children. */
export type Kind = "confines" | "adopts";

/** A process id has 22 bits. */
const ADOPTS = 0x8000_0000;
/** Clock ticks that a place holds. */
const TICKS_MAX = 0xffff_ffffn;

/**
 * Processes of a domain of which its mediators must know something while they live, in memory that
 * mediator, worker and successor share, one in each place.
 */
export class NotedProcesses {
  readonly #places: readonly Buffer[];
  readonly #startOf: (pid: number) => bigint | null;

  /** `startOf`: null for a process that is gone. */
  constructor(places: readonly Buffer[], startOf: (pid: number) => bigint | null) {
    this.#places = places;
    this.#startOf = startOf;
  }

  /** false: every place is taken by a process that lives. The first time is what counts. */
  note(kind: Kind, process: Process, since: bigint): boolean {
    if (this.since(kind, process) !== null) return true;
    const place =
      this.#places.find((one) => one.readUInt32LE(AT.process) === 0) ??
      this.#places.find((one) => this.#isOver(one));
    if (place === undefined) return false;
    const ticks = since - process.start;
    // Whoever reads it meanwhile finds no process there.
    place.writeUInt32LE(0, AT.process);
    place.writeUInt32LE(Number(ticks < 0n ? 0n : ticks > TICKS_MAX ? TICKS_MAX : ticks), AT.ticks);
    place.writeBigUInt64LE(process.start, AT.start);
    place.writeUInt32LE(word(kind, process.pid), AT.process);
    return true;
  }

  /**
   * When it was noted, in clock ticks since boot; earlier where that is longer ago than fits. Null
   * where it was not.
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
