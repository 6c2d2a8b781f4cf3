import { dirname } from "node:path";
import { UntrustedError } from "../../events/log/places.ts";
import { type Progress, readRecords } from "../../events/log/read.ts";
import type { LogRecord } from "../../events/log/record.ts";
import { hasCode } from "../../kernel/errno-error.ts";
import { CommandError, type Context } from "../command.ts";
import { progressLine } from "../render/progress.ts";

/** The folder of the caller's event log. */
export function logFolder({ places }: Context): string {
  return dirname(places.events);
}

/**
 * Calls `each` for every record, oldest first; a folder that is not there holds none. @throws
 * CommandError for a log that cannot be read
 */
export function forEachRecord(context: Context, each: (record: LogRecord) => void): void {
  const folder = logFolder(context);
  withProgress(context, (progress) =>
    orExplain(folder, () => {
      for (const record of readRecords(folder, progress)) each(record);
    }),
  );
}

/** Gives `work` what to tell its progress to: seen by a person who waits for more than a moment. */
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

/** What the host says about the log, as a command says it. */
export function orExplain<T>(folder: string, work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    if (hasCode(error, "ENOENT")) return null;
    if (hasCode(error, "EACCES", "EPERM"))
      throw new CommandError(
        `the event log in ${folder} may not be read`,
        "ask its owner, or try as root",
      );
    if (error instanceof UntrustedError)
      throw new CommandError(
        error.message,
        "take the write permission of others away, and look at who had it",
      );
    if (hasCode(error, "EAGAIN"))
      throw new CommandError(
        "a writer of the event log does not let go of it",
        "see who holds it: fuser -v events.head",
      );
    throw error;
  }
}
