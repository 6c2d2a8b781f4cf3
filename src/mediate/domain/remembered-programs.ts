import type { ProgramHead } from "../calls/exec/program-head.ts";
import type { FileVersion } from "../sys/sys.ts";
import { NAME_KEPT_BYTES_MAX, PROGRAMS_KEPT_MAX, UNCHANGED_MS_MIN } from "./limits.ts";

/** What is read of a program file itself before it is executed. */
export interface ProgramFacts {
  readonly head: ProgramHead;
  /** It has capabilities (capabilities(7), security.capability). */
  readonly hasCapabilities: boolean;
}

interface Remembered {
  readonly version: FileVersion;
  readonly facts: ProgramFacts;
}

/**
 * Facts of program files, for as long as inode, size and time of the last change (ctime) are the
 * same: asked for at each execution. Only facts of an inode: names are looked up anew, so that a
 * file which takes another's name, or a loader's, is another file here.
 *
 * No process can set that time; every write(2), and every change of attributes, moves it. Not so
 * each store into a shared mapping: the kernel moves it when a page becomes dirty, in memory file
 * systems once only. Whoever may write a program can so change its head unnoticed. It gains what
 * whoever writes between the mediator's look and the kernel's gains: the holder compares the
 * program and the loader that the kernel has mapped with those that were judged, and ends the
 * process (`native/exec-hold.c`).
 */
export class RememberedPrograms {
  /** By the low half of the inode's number, in order of age. */
  readonly #known = new Map<number, Remembered>();

  of(version: FileVersion): ProgramFacts | null {
    const known = this.#known.get(version.inode.low);
    return known !== undefined && isSame(known.version, version) ? known.facts : null;
  }

  /** `now`, milliseconds since the epoch, then `version` were found, then the facts. */
  remember(now: number, version: FileVersion, facts: ProgramFacts): void {
    const { seconds, nanoseconds } = version.changed;
    const { head } = facts;
    const name = "interpreter" in head ? head.interpreter : null;
    if (name !== null && name.length > NAME_KEPT_BYTES_MAX) return;
    if (now - (seconds * 1_000 + nanoseconds / 1e6) < UNCHANGED_MS_MIN) return;
    this.#known.delete(version.inode.low);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size < PROGRAMS_KEPT_MAX) break;
      this.#known.delete(oldest);
    }
    this.#known.set(version.inode.low, { version, facts });
  }
}

function isSame(a: FileVersion, b: FileVersion): boolean {
  return (
    a.inode.low === b.inode.low &&
    a.inode.high === b.inode.high &&
    a.device === b.device &&
    a.size.low === b.size.low &&
    a.size.high === b.size.high &&
    a.changed.seconds === b.changed.seconds &&
    a.changed.nanoseconds === b.changed.nanoseconds
  );
}
