import type { Outcome } from "../answer/outcome.ts";
import type { ActedOn, Call } from "./call.ts";

/** What the mediator does about one system call; one file each, in the folders beside this one. */
export interface Handler {
  /**
   * Whether CONTINUE grants nothing, because the domain's own Landlock layer checks this very call
   * with these registers. Checked for every CONTINUE. Must not depend on the target's memory.
   */
  continueIsSafe(call: Call): boolean;
  answer(call: Call): Outcome;
  /**
   * Whether the kernel is to make the call, seen without a look at the caller: CONTINUE grants
   * nothing, so that it may be answered for any process.
   */
  leftAtOnce?(call: Call): boolean;
  /**
   * Lets the kernel make the call if the mediator cannot judge or make it. Landlock decides about
   * every name of the start, and a process must not lose these names because the mediator cannot
   * read its memory.
   */
  fallsToKernel?(call: Call): boolean;
  /**
   * The kernel makes the call, under the process's own confinement. The mediator only judges, so it
   * bypasses nothing.
   */
  readonly onlyLooks?: true;
  /**
   * Names by default. A handler that acts on a socket serves a target with other mounts than its
   * domain's, but refuses that target's addresses that are paths (`Call.refuseConfined`).
   */
  readonly actsOn?: ActedOn;
}

/** LANDLOCK_ACCESS_FS_* (landlock(7), include/uapi/linux/landlock.h). */
export const right = {
  writeFile: 1n << 1n,
  readFile: 1n << 2n,
  readDirectory: 1n << 3n,
  removeDirectory: 1n << 4n,
  removeFile: 1n << 5n,
  makeDirectory: 1n << 7n,
  makeRegular: 1n << 8n,
  makeSocket: 1n << 9n,
  makeFifo: 1n << 10n,
  makeSymlink: 1n << 12n,
  truncate: 1n << 14n,
} as const;

/** Every right to make or remove a name: rename and link may need any of them. */
export const allNames =
  right.removeDirectory |
  right.removeFile |
  right.makeDirectory |
  right.makeRegular |
  right.makeSocket |
  right.makeFifo |
  right.makeSymlink;
