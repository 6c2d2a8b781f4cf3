import { fstatSync, readSync } from "node:fs";
import { PLAN_BYTES_MAX } from "../limits.ts";

/**
 * Reads a whole memfd, whatever its offset. Throws if it is larger than {@link PLAN_BYTES_MAX} or
 * ends early.
 */
export function readAll(fd: number): Uint8Array {
  const { size } = fstatSync(fd);
  if (size > PLAN_BYTES_MAX)
    throw new Error(`a plan of ${size} bytes; at most ${PLAN_BYTES_MAX} are read`);
  const bytes = new Uint8Array(size);
  let done = 0;
  while (done < size) {
    const got = readSync(fd, bytes, done, size - done, done);
    if (got === 0) throw new Error(`the plan ends after ${done} of ${size} bytes`);
    done += got;
  }
  return bytes;
}
