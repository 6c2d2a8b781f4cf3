import type { LoggedEvent } from "../log/record.ts";

/** A record of the log, or an event of the forwarder's own, which has no number. */
export interface Item {
  readonly event: LoggedEvent;
  readonly seq: number | null;
  readonly hash: string | null;
}
