import { jsonOf } from "../../base/read-json.ts";
import { isObject } from "../../base/schema.ts";
import type { Event } from "../event.ts";
import { isEvent } from "../event-shape.ts";

/**
 * From the pipe: events of the mediator, and which process is the daemon, from an attended run's
 * holder.
 */
export type Said = Event | { readonly daemon: number };

/** Both writers are Cofferdam's, but one that was killed may leave a torn last line. */
export function parseLine(line: string): Said | null {
  const value = jsonOf(line);
  if (isObject(value) && typeof value.daemon === "number") return { daemon: value.daemon };
  return isEvent(value) ? value : null;
}
