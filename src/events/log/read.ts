import { linesOf } from "./lines.ts";
import { closeFiles, openFiles } from "./open-files.ts";
import { type LogRecord, parseRecord } from "./record.ts";

/** For a user who waits. */
export interface Progress {
  readonly done: number;
  readonly total: number;
}

/**
 * All records that exist now, oldest first; `verify` reports lines that are no records. `progress`
 * is called after each record.
 * @throws ENOENT without a folder, EACCES if the caller may not read it
 */
export function* readRecords(
  folder: string,
  progress?: (progress: Progress) => void,
): Generator<LogRecord> {
  const files = openFiles(folder);
  try {
    const total = files.reduce((sum, { size }) => sum + size, 0);
    let before = 0;
    for (const { fd, size } of files) {
      for (const line of linesOf(fd, 0, size)) {
        const record = line.text === null ? null : parseRecord(line.text);
        if (record !== null) yield record;
        progress?.({ done: before + line.at + line.length, total });
      }
      before += size;
    }
  } finally {
    closeFiles(files);
  }
}
