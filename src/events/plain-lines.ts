import { PRIVATE_FILE } from "../base/modes.ts";
import { printableJson } from "../base/printable.ts";
import {
  EAGAIN,
  EINTR,
  O_APPEND,
  O_CLOEXEC,
  O_CREAT,
  O_NOFOLLOW,
  O_WRONLY,
  POLLOUT,
} from "../kernel/constants.ts";
import { ErrnoError, open, poll, syscallRaw } from "../kernel/ffi.ts";
import { number } from "../kernel/syscalls.ts";
import type { Event } from "./event.ts";
import { WRITE_ATTEMPTS_MAX } from "./limits.ts";

/** Limit on a wait for a full pipe, milliseconds. */
const PIPE_FULL_WAIT_MS = 1_000;
const LOG_MODE = PRIVATE_FILE;
const writeNumber = number("write") ?? -1;

/** Makes the file readable by its owner only. A symbolic link in the last component is refused. */
export function openLog(path: string): number {
  return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, LOG_MODE);
}

/**
 * One event is one line in one write(2): with O_APPEND lines of several writers do not mix.
 * Interrupted and short writes are continued. Throws {@link ErrnoError} if the line could not be
 * written whole (ENOSPC, EPIPE, ...); the caller must report that, because a lost event must not be
 * silent.
 */
export function appendEvent(fd: number, event: Event): void {
  appendLine(fd, printableJson(JSON.stringify(event)));
}

export function appendLine(fd: number, line: string): void {
  let rest: Uint8Array = Buffer.from(`${line}\n`);
  for (let attempt = 0; attempt < WRITE_ATTEMPTS_MAX; attempt++) {
    const written = syscallRaw(writeNumber, fd, rest, rest.length);
    if (written === rest.length) return;
    if (written > 0) rest = rest.subarray(written);
    else if (written === -EAGAIN) poll([{ fd, events: POLLOUT }], PIPE_FULL_WAIT_MS);
    else if (written !== -EINTR) throw new ErrnoError("write event", written === 0 ? 0 : -written);
  }
  throw new ErrnoError("write event, too many short writes", EAGAIN);
}
