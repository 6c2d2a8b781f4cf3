import type { Outcome } from "../answer/outcome.ts";
import type { Call } from "./call.ts";

/** What the mediator does about one system call; one file each, in the folders beside this one. */
export interface Handler {
  /**
   * Whether CONTINUE grants nothing, because the domain's own Landlock layer checks this very call
   * with these registers. Asked for every CONTINUE. Never decided by the target's memory.
   */
  continueIsSafe(call: Call): boolean;
  answer(call: Call): Outcome;
  /**
   * The kernel makes the call, under the process's own confinement. The mediator only judges, so it
   * bypasses nothing.
   */
  readonly onlyLooks?: true;
  /**
   * What it does to a socket leads through no name, but for addresses that are paths: a target with
   * mounts of its own is served, and refused those.
   */
  readonly actsOnSockets?: true;
}

/** LANDLOCK_ACCESS_FS_* (landlock(7), include/uapi/linux/landlock.h). */
export const right = {
  writeFile: 1n << 1n,
  readFile: 1n << 2n,
  removeDirectory: 1n << 4n,
  removeFile: 1n << 5n,
  makeDirectory: 1n << 7n,
  makeRegular: 1n << 8n,
  makeSocket: 1n << 9n,
  makeFifo: 1n << 10n,
  makeSymlink: 1n << 12n,
} as const;

/** The rights for whatever a name can become or cease to be: rename and link may do any of it. */
export const allNames =
  right.removeDirectory |
  right.removeFile |
  right.makeDirectory |
  right.makeRegular |
  right.makeSocket |
  right.makeFifo |
  right.makeSymlink;
