import type { ProgramHead } from "../calls/exec/program-head.ts";
import { type FileVersion, sameObject } from "../sys/sys.ts";
import { keepLatest } from "./keep-latest.ts";
import { NAME_KEPT_BYTES_MAX, PROGRAMS_KEPT_MAX, UNCHANGED_MS_MIN } from "./limits.ts";

export interface ProgramFacts {
  readonly head: ProgramHead;
  /** The file has capabilities (capabilities(7), security.capability). */
  readonly hasCapabilities: boolean;
}

interface Remembered {
  readonly version: FileVersion;
  readonly facts: ProgramFacts;
}

/**
 * Facts of program files, remembered while inode, size and ctime are unchanged, which is checked at
 * each execution. They belong to the inode. Names are looked up each time, so another file with a
 * program's or loader's name counts as another file.
 *
 * No process can set ctime. Every write(2) and every change of attributes moves it. A store into a
 * shared mapping moves it only when the page becomes dirty, and on memory file systems only once,
 * so a process that may write a program can change its head unnoticed. That gains it no more than a
 * write between the mediator's check and the kernel's: the holder compares the program and loader
 * that the kernel has mapped with those that were judged, and kills the process if they differ
 * (`native/exec-hold.c`).
 */
export class RememberedPrograms {
  /** By the low half of the inode's number, oldest first. */
  readonly #known = new Map<number, Remembered>();

  of(version: FileVersion): ProgramFacts | null {
    const known = this.#known.get(version.inode.low);
    return known !== undefined && isSame(known.version, version) ? known.facts : null;
  }

  /**
   * `now` (milliseconds since the epoch) must have been read first, then `version`, then the facts.
   */
  remember(now: number, version: FileVersion, facts: ProgramFacts): void {
    const { seconds, nanoseconds } = version.changed;
    const { head } = facts;
    const name = "interpreter" in head ? head.interpreter : null;
    if (name !== null && name.length > NAME_KEPT_BYTES_MAX) return;
    if (now - (seconds * 1_000 + nanoseconds / 1e6) < UNCHANGED_MS_MIN) return;
    keepLatest(this.#known, version.inode.low, { version, facts }, PROGRAMS_KEPT_MAX);
  }
}

function isSame(a: FileVersion, b: FileVersion): boolean {
  return (
    sameObject(a, b) &&
    a.size.low === b.size.low &&
    a.size.high === b.size.high &&
    a.changed.seconds === b.changed.seconds &&
    a.changed.nanoseconds === b.changed.nanoseconds
  );
}
