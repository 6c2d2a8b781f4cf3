import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Event } from "../src/events/event.ts";
import { renderEvent } from "../src/events/render.ts";
import type { Demonstration } from "./requests.ts";
import { color, expectThat, indented, WIDTH } from "./stage.ts";

/** How long an event may take from the refusal to the file, in milliseconds. */
const EVENT_WAIT_MS = 30_000;
const POLL_MS = 50;

/** Of one run, or the host's log. */
function eventsIn(file: string): readonly Event[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n");
  // The last piece is empty, or a line that is still being written.
  return lines.slice(0, -1).map((line) => JSON.parse(line) as Event);
}

/**
 * The event that tells of this access, as soon as it is in the file; null when it does not come in
 * time.
 */
async function eventOf(
  file: string,
  { refusal }: Demonstration,
  verdict: Event["verdict"],
): Promise<Event | null> {
  for (let waited = 0; waited <= EVENT_WAIT_MS; waited += POLL_MS) {
    const found = eventsIn(file).find(
      (event) =>
        event.verdict === verdict &&
        event.operation === refusal?.operation &&
        refusal.object.test(event.object),
    );
    if (found) return found;
    await sleep(POLL_MS);
  }
  return null;
}

/** Prints the event of this access, which there must be. */
export async function showEvent(
  file: string,
  demonstration: Demonstration,
  verdict: "denied" | "warning",
): Promise<void> {
  const event = await eventOf(file, demonstration, verdict);
  expectThat(
    event !== null,
    `no event with the verdict ${verdict} told of "${demonstration.title}"`,
  );
  if (event === null) return;
  expectThat(
    event.process.pid > 0 && event.domain === "web" && event.allow !== null,
    `the event of "${demonstration.title}" is not complete`,
  );
  indented(renderEvent(event, { width: WIDTH - 4, color }));
}
