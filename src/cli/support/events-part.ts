import { linesOf } from "../../events/log/lines.ts";
import { closeFiles, type LogFile, openFiles } from "../../events/log/open-files.ts";
import type { Context } from "../command.ts";
import { logFolder, orExplain } from "../events/read-log.ts";
import type { Taken } from "./part.ts";

/** The newest part of the log, bytes. */
const EVENTS_BYTES_MAX = 8 * 1024 * 1024;

/**
 * The newest records as the log has them. @throws HostError if the caller may not read it, or there
 * is none
 */
export function newestEvents(context: Context): Taken {
  const folder = logFolder(context);
  const files = orExplain(folder, () => openFiles(folder));
  if (files === null || files.length === 0)
    return { text: "", note: `there is no event log in ${folder}` };
  try {
    const total = files.reduce((sum, { size }) => sum + size, 0);
    const text = newest(files).join("");
    const note =
      total > EVENTS_BYTES_MAX ? `the newest ${EVENTS_BYTES_MAX} of ${total} bytes` : null;
    return { text, note };
  } finally {
    closeFiles(files);
  }
}

/** By file, the oldest first. */
function newest(files: readonly LogFile[]): readonly string[] {
  const texts: string[] = [];
  let left = EVENTS_BYTES_MAX;
  for (const { fd, size } of [...files].reverse()) {
    const from = Math.max(0, size - left);
    left -= size - from;
    const lines = [...linesOf(fd, from, size)].filter(({ text, whole }) => whole && text !== null);
    // The first line is incomplete if reading began inside a file.
    const kept = from > 0 ? lines.slice(1) : lines;
    texts.unshift(kept.map(({ text }) => `${text}\n`).join(""));
    if (left === 0) break;
  }
  return texts;
}
