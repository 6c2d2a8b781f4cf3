import type { Event } from "../event.ts";

/**
 * What comes through the pipe: events of the mediator's, and of an attended run's holder which
 * process is the daemon.
 */
export type Said = Event | { readonly daemon: number };

/** Both are ours, but the pipe may carry the torn last line of one that was killed. */
export function parseLine(line: string): Said | null {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== "object" || value === null) return null;
    if ("daemon" in value && typeof value.daemon === "number") return { daemon: value.daemon };
    return "v" in value && value.v === 1 ? (value as Event) : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
