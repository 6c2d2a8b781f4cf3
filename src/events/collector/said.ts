import { fits, jsonOf } from "../../base/read-json.ts";
import * as is from "../../base/schema.ts";
import type { Event } from "../event.ts";
import { isEvent } from "../event-shape.ts";

/**
 * What comes through the pipe: events of the mediator's, and of an attended run's holder which
 * process is the daemon.
 */
export type Said = Event | Daemon;

interface Daemon {
  readonly daemon: number;
}

const daemon = is.object({ daemon: is.number });

/** Both are ours, but the pipe may carry the torn last line of one that was killed. */
export function parseLine(line: string): Said | null {
  const value = jsonOf(line);
  if (isDaemon(value)) return { daemon: value.daemon };
  return isEvent(value) ? value : null;
}

function isDaemon(value: unknown): value is Daemon {
  return fits(daemon, value);
}
