import { closeSync } from "node:fs";
import { hasCode } from "../../kernel/errno-error.ts";
import { linesOf } from "./lines.ts";
import { type FileKey, LOG_NAME, look, lookAt, oldNumbers, oldPath, openOld } from "./places.ts";
import { parseRecord } from "./record.ts";

export interface LogFile {
  readonly name: string;
  readonly fd: number;
  readonly key: FileKey;
  /** When it was opened; bytes. */
  readonly size: number;
}

/**
 * Opens all files of the log, the oldest first. No lock is needed: names move only from
 * `events.jsonl` to higher numbers. Opening them in that order therefore misses no file older than
 * one that was opened. The caller closes them.
 */
export function openFiles(folder: string): LogFile[] {
  const files = openUpwards(folder).reverse();
  // If `events.jsonl` is still the same file, no rotation happened meanwhile, and the order is
  // right.
  if (look(`${folder}/${LOG_NAME}`)?.key === files.at(-1)?.key) return files;
  const placed = files.map((file) => ({
    ...file,
    size: lookAt(file.fd).size,
    first: firstSeq(file),
  }));
  return placed.sort((a, b) => a.first - b.first);
}

function openUpwards(folder: string): LogFile[] {
  const files: LogFile[] = [];
  for (let number = 0; ; number++) {
    const name = number === 0 ? LOG_NAME : `${LOG_NAME}.${number}`;
    const fd = openIfThere(number === 0 ? `${folder}/${LOG_NAME}` : oldPath(folder, number));
    if (fd === null) {
      if (number > (oldNumbers(folder).at(-1) ?? 0)) return files;
      continue;
    }
    const { key, size } = lookAt(fd);
    if (files.some((file) => file.key === key)) closeSync(fd);
    else files.push({ name, fd, key, size });
  }
}

/** Of the first record; a file without any counts as the oldest. */
function firstSeq({ fd }: LogFile): number {
  for (const { text } of linesOf(fd, 0)) {
    const record = text === null ? null : parseRecord(text);
    if (record !== null) return record.seq;
  }
  return 0;
}

export function closeFiles(files: readonly LogFile[]): void {
  for (const { fd } of files) closeSync(fd);
}

function openIfThere(path: string): number | null {
  try {
    return openOld(path);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return null;
    throw error;
  }
}
