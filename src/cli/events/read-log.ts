import { dirname } from "node:path";
import { UntrustedError } from "../../events/log/places.ts";
import { type Progress, readRecords } from "../../events/log/read.ts";
import type { LogRecord } from "../../events/log/record.ts";
import { hasCode } from "../../kernel/errno-error.ts";
import { CommandError, type Context } from "../command.ts";
import { progressLine } from "../render/progress.ts";

export function logFolder({ places }: Context): string {
  return dirname(places.events);
}

/**
 * Calls `each` for every record, oldest first; for none if the folder is missing.
 * @throws CommandError if the log cannot be read
 */
export function forEachRecord(context: Context, each: (record: LogRecord) => void): void {
  const folder = logFolder(context);
  withProgress(context, (progress) =>
    orExplain(folder, () => {
      for (const record of readRecords(folder, progress)) each(record);
    }),
  );
}

/**
 * Gives `work` a function to report its progress to; a person who waits for more than a moment sees
 * it.
 */
export function withProgress<T>(
  context: Context,
  work: (progress: (progress: Progress) => void) => T,
): T {
  const line = progressLine(context.err, "reading the event log");
  try {
    return work(({ done, total }) => line.at(done, total));
  } finally {
    line.end();
  }
}

/** Passes an error about the log on as a command's error. */
export function orExplain<T>(folder: string, work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    if (hasCode(error, "ENOENT")) return null;
    if (hasCode(error, "EACCES", "EPERM"))
      throw new CommandError(
        `you may not read the event log in ${folder}`,
        "ask its owner, or try as root",
      );
    if (error instanceof UntrustedError)
      throw new CommandError(
        error.message,
        "remove the write permission of other users, and find out which users had it",
      );
    if (hasCode(error, "EAGAIN"))
      throw new CommandError(
        "another process keeps the event log locked",
        "find the process: fuser -v events.head",
      );
    throw error;
  }
}
