/** Bytes of one place. */
export const NOTED_BYTES = 16;

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
 * mediator, worker and successor share. A place: u32 process id and kind (0 is free), u32 clock
 * ticks from its start to when it was noted, u64 start.
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
      this.#places.find((one) => one.readUInt32LE(0) === 0) ??
      this.#places.find((one) => this.#isOver(one));
    if (place === undefined) return false;
    const ticks = since - process.start;
    // Whoever reads it meanwhile finds no process there.
    place.writeUInt32LE(0, 0);
    place.writeUInt32LE(Number(ticks < 0n ? 0n : ticks > TICKS_MAX ? TICKS_MAX : ticks), 4);
    place.writeBigUInt64LE(process.start, 8);
    place.writeUInt32LE(word(kind, process.pid), 0);
    return true;
  }

  /**
   * When it was noted, in clock ticks since boot; earlier where that is longer ago than fits. Null
   * where it was not.
   */
  since(kind: Kind, { pid, start }: Process): bigint | null {
    const wanted = word(kind, pid);
    for (const place of this.#places)
      if (place.readUInt32LE(0) === wanted && place.readBigUInt64LE(8) === start)
        return start + BigInt(place.readUInt32LE(4));
    return null;
  }

  #isOver(place: Buffer): boolean {
    return this.#startOf((place.readUInt32LE(0) & ~ADOPTS) >>> 0) !== place.readBigUInt64LE(8);
  }
}

function word(kind: Kind, pid: number): number {
  return (kind === "adopts" ? pid | ADOPTS : pid) >>> 0;
}
