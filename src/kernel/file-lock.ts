import { O_CLOEXEC, O_CREAT, O_NOFOLLOW, O_RDWR } from "./constants.ts";
import { hasCode } from "./errno-error.ts";
import { close, open, syscall } from "./ffi.ts";

/** sys/file.h. */
const LOCK_EX = 2;
const LOCK_NB = 4;

const RETRY_MS = 5;
const LOCK_MODE = 0o600;

/**
 * An exclusive flock(2) on a file of its own: it ends with the process that holds it, so no dead
 * owner leaves it behind.
 */
export interface FileLock {
  release(): void;
}

/**
 * Takes the lock of `path`, which is made where it is missing; null when somebody else has held it
 * for `waitMs` milliseconds. The calling thread waits. Nobody but the owner may be able to open the
 * file, or they could hold it for ever.
 */
export function lockFile(path: string, waitMs = 0): FileLock | null {
  const fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, LOCK_MODE);
  const deadline = performance.now() + waitMs;
  for (;;) {
    if (tryLock(fd)) return { release: () => close(fd) };
    if (performance.now() >= deadline) break;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
  }
  close(fd);
  return null;
}

function tryLock(fd: number): boolean {
  try {
    syscall("flock", fd, LOCK_EX | LOCK_NB);
    return true;
  } catch (error) {
    if (hasCode(error, "EAGAIN", "EINTR")) return false;
    throw error;
  }
}
