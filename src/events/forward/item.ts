import type { LoggedEvent } from "../log/record.ts";

/**
 * What a sink is given: a record of the log, or what the forwarder has to say itself, which has no
 * number.
 */
export interface Item {
  readonly event: LoggedEvent;
  readonly seq: number | null;
  readonly hash: string | null;
}
