import { resolve } from "node:path";
import type { Event } from "../event.ts";
import { openEventLog } from "../log/event-log.ts";
import { LOG_NAME } from "../log/places.ts";
import { appendEvent, appendLine, openLog } from "../plain-lines.ts";
import { renderEvent } from "../render.ts";

const STDERR_FD = 2;

export interface Sink {
  write(event: Event): void;
  /**
   * Called once, at the end: how many events could not be written, and the last reason; null if
   * none was lost.
   */
  failure(): { readonly count: number; readonly why: string } | null;
}

/**
 * `-` is standard error, for people; anything else is a file of JSON lines. `folder`: of the
 * domain's event log, which keeps its chain for every writer. Throws if another file cannot be
 * opened.
 */
export function openSink(target: string, folder: string): Sink {
  if (leadsToLog(target, folder)) return logSink(folder);
  const write = target === "-" ? writeText() : writeJson(openLog(target));
  let count = 0;
  let why = "";
  return {
    write: (event) => {
      try {
        write(event);
      } catch (error) {
        // A full disk must not end the collector: it is reported now, counted, and reported again
        // at the end.
        why = error instanceof Error ? error.message : String(error);
        count += 1;
        if (count === 1 && target !== "-")
          appendLine(STDERR_FD, `cofferdam: events cannot be written to ${target}: ${why}`);
      }
    },
    failure: () => (count === 0 ? null : { count, why }),
  };
}

export function leadsToLog(target: string, folder: string): boolean {
  return resolve(target) === `${folder}/${LOG_NAME}`;
}

/**
 * Events that find no room wait and are tried again with the next one; {@link Sink.failure} tries
 * for the last time.
 */
function logSink(folder: string): Sink {
  const log = openEventLog(folder);
  return {
    write: (event) => log.append(event),
    failure: () => {
      const why = log.problem ?? "";
      const count = log.close();
      return count === 0 ? null : { count, why };
    },
  };
}

function writeJson(fd: number): (event: Event) => void {
  return (event) => appendEvent(fd, event);
}

function writeText(): (event: Event) => void {
  const color = process.stderr.isTTY === true && process.env.NO_COLOR === undefined;
  // A terminal of unknown width reports 0, a file or pipe nothing.
  const width = process.stderr.columns || undefined;
  return (event) => {
    appendLine(STDERR_FD, renderEvent(event, { color, ...(width === undefined ? {} : { width }) }));
  };
}
