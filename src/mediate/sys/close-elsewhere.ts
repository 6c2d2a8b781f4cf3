import { close as closeInPool } from "node:fs";
import { F_GETFD } from "../../kernel/constants.ts";
import { sleepFor } from "../../kernel/sleep.ts";
import { UNCLOSED_MAX } from "../limits.ts";
import { E } from "./abi.ts";
import { sys } from "./sys.ts";

const LOOK_MS = 0.2;
/** Checks before the descriptor is left open: the other thread may not get a processor for long. */
const LOOKS_MAX = 500;

// Each descriptor may block a thread of the pool forever. libuv reads this at the pool's first use.
process.env.UV_THREADPOOL_SIZE = String(UNCLOSED_MAX);

/**
 * Closes a descriptor whose close(2) may never return, on a thread of libuv's pool. The kernel
 * frees the number before it asks the file system (close_fd, flush in fuse(4)), so only that thread
 * waits. The descriptor must not stay in the table: a child closes what it inherits before it
 * executes its program, and posix_spawn(3) waits for that. Returns false if it is still open.
 */
export function closeElsewhere(fd: number): boolean {
  closeInPool(fd, () => undefined);
  for (let look = 0; look < LOOKS_MAX; look++) {
    if (sys("fcntl", fd, F_GETFD) === -E.BADF) return true;
    sleepFor(LOOK_MS);
  }
  return false;
}
