import { readFileSync, statSync } from "node:fs";
import { PRIVATE_FILE } from "../base/modes.ts";
import { LOCK_EX, LOCK_NB, LOCK_UN, O_CLOEXEC, O_CREAT, O_NOFOLLOW, O_RDWR } from "./constants.ts";
import { hasCode } from "./errno-error.ts";
import { close, open, pwrite, syscall } from "./ffi.ts";
import { sleepFor } from "./sleep.ts";

const RETRY_MS = 5;
/** Milliseconds for which a process that only tests the lock may hold it. */
const SUCCESSION_MS_MAX = 50;
const LOCK_MODE = PRIVATE_FILE;

/**
 * An exclusive flock(2) on a file of its own. It ends with its process, so a dead owner never keeps
 * it.
 */
export interface FileLock {
  readonly fd: number;
  noteOwner(): void;
  release(): void;
}

/**
 * Takes the lock of `path`, making the file if it is missing. Blocks the thread for up to `waitMs`
 * milliseconds; null if another process still holds the lock then. Only the owner may be able to
 * open the file, or others could hold the lock forever.
 */
export function lockFile(path: string, waitMs = 0): FileLock | null {
  const fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, LOCK_MODE);
  if (lockDescriptor(fd, waitMs)) return held(fd);
  close(fd);
  return null;
}

/**
 * Takes the exclusive flock(2) of an open file; false if another process has held it for `waitMs`
 * milliseconds. The calling thread waits.
 */
export function lockDescriptor(fd: number, waitMs: number, retryMs = RETRY_MS): boolean {
  const deadline = performance.now() + waitMs;
  while (!tryLock(fd)) {
    if (performance.now() >= deadline) return false;
    sleepFor(retryMs);
  }
  return true;
}

/**
 * Takes the lock over from the process that handed over `before`, an open file that both share. The
 * new lock must end with this process, and not depend on the other one, which may hang. null if
 * another process took the lock in between; it will hold it only for a moment.
 */
export function succeedLock(path: string, before: number): FileLock | null {
  syscall("flock", before, LOCK_UN);
  close(before);
  const lock = lockFile(path, SUCCESSION_MS_MAX);
  lock?.noteOwner();
  return lock;
}

/** null if there is none. */
export function notedOwner(path: string): number | null {
  try {
    const pid = Number(readFileSync(path, "latin1"));
    return Number.isInteger(pid) && pid > 0 ? pid : null;
  } catch {
    return null;
  }
}

/**
 * The lock's owner, found without trying the lock; null if no owner is known. The owner's own note
 * counts first: for a lock that was passed on, the kernel still names the first owner. An owner
 * that was killed leaves its note behind.
 */
export function lockOwner(path: string): number | null {
  return notedOwner(path) ?? kernelsOwner(path);
}

/**
 * Whether a process holds the lock. Trying the lock could make another process's attempt fail, so
 * it is not tried.
 */
export function isLocked(path: string): boolean {
  return kernelsOwner(path) !== null;
}

/** By proc_locks(5), `1: FLOCK  ADVISORY  WRITE 123 00:1a:456 0 EOF`. */
function kernelsOwner(path: string): number | null {
  const inode = statSync(path, { throwIfNoEntry: false })?.ino;
  const line = readFileSync("/proc/locks", "utf8")
    .split("\n")
    .map((text) => text.trim().split(/\s+/))
    .find((words) => words[1] === "FLOCK" && words[5]?.split(":")[2] === String(inode));
  const pid = Number(line?.[4]);
  return Number.isInteger(pid) && pid > 0 ? pid : null;
}

function held(fd: number): FileLock {
  return {
    fd,
    noteOwner() {
      const text = Buffer.from(`${process.pid}\n`);
      syscall("ftruncate", fd, 0);
      pwrite(fd, text, 0n);
    },
    release: () => close(fd),
  };
}

export function tryLock(fd: number): boolean {
  try {
    syscall("flock", fd, LOCK_EX | LOCK_NB);
    return true;
  } catch (error) {
    if (hasCode(error, "EAGAIN", "EINTR")) return false;
    throw error;
  }
}
