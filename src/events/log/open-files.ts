import { closeSync } from "node:fs";
import { hasCode } from "../../kernel/errno-error.ts";
import { type FileKey, LOG_NAME, lookAt, oldNumbers, oldPath, openOld } from "./places.ts";

/** One file of the log, open for reading. */
export interface LogFile {
  readonly name: string;
  readonly fd: number;
  readonly key: FileKey;
  /** When it was opened; bytes. */
  readonly size: number;
}

/** Rotations that may happen while files are being opened, each of which moves them by one. */
const ROTATIONS_MEANWHILE_MAX = 2;

/**
 * Opens all files of the log, the oldest first. No lock is needed: names move only from `events.jsonl` to higher numbers, so that going the same way
 * meets every file at least once. The caller closes them.
 */
export function openFiles(folder: string): LogFile[] {
  const highest = (oldNumbers(folder).at(-1) ?? 0) + ROTATIONS_MEANWHILE_MAX;
  const files: LogFile[] = [];
  for (let number = 0; number <= highest; number++) {
    const name = number === 0 ? LOG_NAME : `${LOG_NAME}.${number}`;
    const fd = openIfThere(number === 0 ? `${folder}/${LOG_NAME}` : oldPath(folder, number));
    if (fd === null) continue;
    const { key, size } = lookAt(fd);
    if (files.some((file) => file.key === key)) closeSync(fd);
    else files.push({ name, fd, key, size });
  }
  return files.reverse();
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
