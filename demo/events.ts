import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Event } from "../src/events/event.ts";
import type { Demonstration } from "./requests.ts";

/** How long an event may take from the refusal to the file, in milliseconds. */
const EVENT_WAIT_MS = 30_000;
const POLL_MS = 50;

function eventsIn(file: string): readonly Event[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n");
  // The last piece is empty, or a line that is still being written.
  return lines.slice(0, -1).map((line) => JSON.parse(line) as Event);
}

/** The event that tells of this refusal, as soon as it is in the file; null when it does not come in time. */
export async function eventOf(file: string, { refusal }: Demonstration): Promise<Event | null> {
  for (let waited = 0; waited <= EVENT_WAIT_MS; waited += POLL_MS) {
    const found = eventsIn(file).find(
      (event) =>
        event.verdict === "denied" && event.operation === refusal?.operation && refusal.object.test(event.object),
    );
    if (found) return found;
    await sleep(POLL_MS);
  }
  return null;
}
