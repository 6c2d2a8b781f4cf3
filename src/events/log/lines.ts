import { readSync } from "node:fs";
import { LOG_CHUNK_BYTES, RECORD_BYTES_MAX } from "../limits.ts";

/** A stretch of a file between newlines, or after the last one. */
export interface Line {
  /** null for a line that is longer than any record. */
  readonly text: string | null;
  /** Bytes from the start of the file. */
  readonly at: number;
  /** Bytes, with its newline. */
  readonly length: number;
  /** It has its newline. */
  readonly whole: boolean;
}

/**
 * From `from` to the end of an open file, in bounded memory; an unterminated rest is the last line.
 */
export function* linesOf(
  fd: number,
  from: number,
  until = Number.POSITIVE_INFINITY,
): Generator<Line> {
  const chunk = Buffer.allocUnsafe(LOG_CHUNK_BYTES);
  let rest: Buffer = Buffer.alloc(0);
  /** Where `rest` begins, and the bytes before it that belong to the same, overlong line. */
  let at = from;
  let skipped = 0;
  let position = from;
  while (position < until) {
    const got = readSync(fd, chunk, 0, Math.min(chunk.length, until - position), position);
    if (got === 0) break;
    position += got;
    let bytes: Buffer =
      rest.length === 0 ? chunk.subarray(0, got) : Buffer.concat([rest, chunk.subarray(0, got)]);
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10)) {
      const length = skipped + end + 1;
      const text = length > RECORD_BYTES_MAX ? null : bytes.toString("utf8", 0, end);
      yield { text, at, length, whole: true };
      at += length;
      skipped = 0;
      bytes = bytes.subarray(end + 1);
    }
    if (skipped + bytes.length > RECORD_BYTES_MAX) {
      skipped += bytes.length;
      bytes = Buffer.alloc(0);
    }
    rest = Buffer.from(bytes);
  }
  const length = skipped + rest.length;
  if (length > 0)
    yield { text: skipped > 0 ? null : rest.toString("utf8"), at, length, whole: false };
}
