import { jsonOf } from "../../base/read-json.ts";
import { isObject } from "../../base/schema.ts";
import type { Event } from "../event.ts";
import { isEvent } from "../event-shape.ts";

/**
 * What comes through the pipe: events of the mediator's, and of an attended run's holder which
 * process is the daemon.
 */
export type Said = Event | { readonly daemon: number };

/** Both are ours, but the pipe may carry the torn last line of one that was killed. */
export function parseLine(line: string): Said | null {
  const value = jsonOf(line);
  if (isObject(value) && typeof value.daemon === "number") return { daemon: value.daemon };
  return isEvent(value) ? value : null;
}
