import { CLONE_FS, CLONE_NEWNS } from "../../kernel/constants.ts";
import { abi } from "./abi.ts";
import { close, openat, sys } from "./sys.ts";

/**
 * Runs `stay` on this thread in another mount namespace, which `enter` enters. Afterwards the root
 * is the working directory. null where the namespace cannot be entered; `stay` has not run then.
 */
export function inMountNamespace<T>(enter: () => number, stay: () => T): T | null {
  const home = openat(abi.AT_FDCWD, "/proc/self/ns/mnt", 0);
  if (home < 0) return null;
  try {
    // The kernel lets no thread change the namespace of others: Node's share this one's root.
    if (sys("unshare", CLONE_FS) < 0 || enter() < 0) return null;
    return visit(home, stay);
  } finally {
    close(home);
  }
}

/** Enters the mount namespace behind a descriptor. Returns 0 or a negated error number. */
export function enterMounts(namespace: number): number {
  return sys("setns", namespace, CLONE_NEWNS);
}

function visit<T>(home: number, stay: () => T): T {
  try {
    return stay();
  } finally {
    // In the wrong namespace every path would mean something else, so this process must answer
    // nothing.
    if (enterMounts(home) < 0) process.exit(1);
  }
}
