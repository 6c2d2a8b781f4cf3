import { setTimeout } from "node:timers/promises";
import type { Event } from "../../events/event.ts";
import { FOLLOW_POLL_MS, FORWARD_RECORDS_MAX } from "../../events/limits.ts";
import { LogReader, type Position } from "../../events/log/reader.ts";
import type { Context } from "../command.ts";
import { renderSeen, seenJson } from "../render/events.ts";
import type { Seen } from "./kinds.ts";
import { logFolder, orExplain } from "./read-log.ts";

/** Prints the records after `from`, until a signal ends the process. */
export async function followLog(
  context: Context,
  from: Position | null,
  isWanted: (event: Event) => boolean,
  json: boolean,
): Promise<never> {
  const folder = logFolder(context);
  const reader = new LogReader(folder, from);
  for (;;) {
    const batch = orExplain(folder, () => reader.next(FORWARD_RECORDS_MAX));
    if (batch !== null && batch.missing > 0)
      context.err(`cofferdam: ${batch.missing} records were removed before they could be shown\n`);
    for (const { event, seq } of batch?.records ?? []) {
      const seen: Seen = { event, seq, count: event.count, first: event.first ?? event.time };
      if (isWanted(event)) context.out(json ? seenJson(seen) : renderSeen(seen, context));
    }
    if (batch === null || batch.caughtUp) await setTimeout(FOLLOW_POLL_MS);
  }
}
