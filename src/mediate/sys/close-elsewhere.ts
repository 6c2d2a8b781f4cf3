import { close as closeInPool } from "node:fs";
import { F_GETFD } from "../../kernel/constants.ts";
import { sleepFor } from "../../kernel/sleep.ts";
import { UNCLOSED_MAX } from "../limits.ts";
import { E } from "./abi.ts";
import { sys } from "./sys.ts";

/** Milliseconds between two looks at whether the number is free. */
const LOOK_MS = 0.2;
/** Looks until the descriptor is left open: another thread has not had the processor for long. */
const LOOKS_MAX = 500;

// Each descriptor may keep a thread of the pool for ever. libuv reads this at the pool's first use.
process.env.UV_THREADPOOL_SIZE = String(UNCLOSED_MAX);

/**
 * Closes a descriptor whose close(2) might never come back, on a thread of libuv's pool. The kernel
 * frees the number first and asks the file system then (close_fd, flush in fuse(4)), so only that
 * thread waits. It must not stay in the table: a child that is started closes what it inherits
 * before it executes its program, and posix_spawn(3) waits for that. False: it is open still.
 */
export function closeElsewhere(fd: number): boolean {
  closeInPool(fd, () => undefined);
  for (let look = 0; look < LOOKS_MAX; look++) {
    if (sys("fcntl", fd, F_GETFD) === -E.BADF) return true;
    sleepFor(LOOK_MS);
  }
  return false;
}
