import type { Outcome } from "../answer/outcome.ts";
import type { Call } from "./call.ts";

/** What the mediator does about one system call; one file each, in the folders beside this one. */
export interface Handler {
  /**
   * Letting the kernel go on grants nothing: the domain's own Landlock layer checks this very call,
   * registers considered. Asked for every CONTINUE before it leaves; never true on the strength of
   * the target's memory.
   */
  continueIsSafe(call: Call): boolean;
  answer(call: Call): Outcome;
  /**
   * The kernel does it, below whatever confinement the process gave itself; the mediator only
   * looks, and so undoes nothing.
   */
  readonly onlyLooks?: true;
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

/** Everything a name can become or stop being: rename and link may do any of it. */
export const allNames =
  right.removeDirectory |
  right.removeFile |
  right.makeDirectory |
  right.makeRegular |
  right.makeSocket |
  right.makeFifo |
  right.makeSymlink;
