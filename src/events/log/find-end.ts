import { closeSync } from "node:fs";
import { LOG_TAIL_BYTES } from "../limits.ts";
import { type Line, linesOf } from "./lines.ts";
import { lookAt, oldNumbers, oldPath, openOld } from "./places.ts";
import { type ChainEnd, isSound, type LogRecord, parseRecord } from "./record.ts";

/** How far a file's records continue the chain. */
export interface Reached {
  /** null if nothing was known before and no record was found. */
  readonly end: ChainEnd | null;
  /** The last line has no newline. */
  readonly torn: boolean;
  /** There are lines that are no records, or do not continue the chain. */
  readonly altered: boolean;
}

/**
 * Follows the chain from `from` to the end of the file. `before`: what the first record there must
 * continue; null: anything.
 */
export function reach(fd: number, from: number, before: ChainEnd | null): Reached {
  let end = before;
  let torn = false;
  let altered = false;
  for (const line of linesOf(fd, from)) {
    const record = soundRecord(line);
    const continues = end === null || (record?.prev === end.hash && record.seq === end.seq + 1);
    if (record !== null && continues) end = { seq: record.seq, hash: record.hash };
    else if (line.whole) altered = true;
    torn = !line.whole;
  }
  return { end, torn, altered };
}

function soundRecord({ text }: Line): LogRecord | null {
  const record = text === null ? null : parseRecord(text);
  return record !== null && isSound(record, text ?? "") ? record : null;
}

/**
 * Searches near the end of an unknown file for its last sound record; `at`: where its line begins.
 */
export function lastRecord(fd: number): Reached & { readonly at: number } {
  const { size } = lookAt(fd);
  const from = Math.max(0, size - LOG_TAIL_BYTES);
  let end: ChainEnd | null = null;
  let last: Line | null = null;
  let at = 0;
  let altered = false;
  for (const line of linesOf(fd, from)) {
    // A stretch from the middle begins with a partial line.
    if (from > 0 && line.at === from) continue;
    const record = soundRecord(line);
    if (record !== null) {
      end = { seq: record.seq, hash: record.hash };
      at = line.at;
    } else if (line.whole) altered = true;
    last = line;
  }
  return {
    end,
    at,
    torn: last !== null && !last.whole,
    altered: altered || (size > 0 && end === null),
  };
}

/** Of the newest closed file that has one. */
export function lastClosedRecord(folder: string): ChainEnd | null {
  for (const number of oldNumbers(folder)) {
    const fd = openOld(oldPath(folder, number));
    try {
      const { end } = lastRecord(fd);
      if (end !== null) return end;
    } finally {
      closeSync(fd);
    }
  }
  return null;
}
