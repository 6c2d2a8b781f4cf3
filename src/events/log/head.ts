import { readSync, writeSync } from "node:fs";
import { EAGAIN, LOCK_UN } from "../../kernel/constants.ts";
import { ErrnoError, syscall } from "../../kernel/ffi.ts";
import { lockDescriptor } from "../../kernel/file-lock.ts";
import type { FileKey } from "./places.ts";
import type { ChainEnd } from "./record.ts";

/** The chain's end when a writer last released the lock. */
export interface Head extends ChainEnd {
  /** The file that held the last record, and its size then. */
  readonly file: FileKey;
  readonly size: number;
}

/**
 * The head is always written whole, so that on most file systems it needs no new room on a full
 * disk.
 */
const HEAD_BYTES = 256;
const LOCK_RETRY_MS = 1;

/** Equal bytes mean that no other process has written since. */
export function readHeadBytes(fd: number): Buffer {
  const bytes = Buffer.allocUnsafe(HEAD_BYTES);
  return bytes.subarray(0, readSync(fd, bytes, 0, HEAD_BYTES, 0));
}

/** null if it contains nothing usable: it is new or damaged. */
export function parseHead(bytes: Buffer): Head | null {
  const match = /^(\d{1,15}) ([0-9a-f]{64}) (\d+:\d+) (\d{1,15}) *\n$/.exec(
    bytes.toString("latin1"),
  );
  if (match === null) return null;
  const [, seq, hash = "", file = "", size] = match;
  return { seq: Number(seq), hash, file, size: Number(size) };
}

/** Returns the bytes written. */
export function writeHead(fd: number, { seq, hash, file, size }: Head): Buffer {
  const bytes = Buffer.from(
    `${`${seq} ${hash} ${file} ${size}`.padEnd(HEAD_BYTES - 1)}\n`,
    "latin1",
  );
  writeSync(fd, bytes, 0, HEAD_BYTES, 0);
  return bytes;
}

/**
 * flock(2), exclusive; it ends with the process. @throws ErrnoError EAGAIN if another writer does
 * not release it within `waitMs`
 */
export function lock(fd: number, waitMs: number): void {
  if (!lockDescriptor(fd, waitMs, LOCK_RETRY_MS))
    throw new ErrnoError("lock the event log", EAGAIN);
}

export function unlock(fd: number): void {
  syscall("flock", fd, LOCK_UN);
}
