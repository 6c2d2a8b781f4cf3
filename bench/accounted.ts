import { setTimeout as pause } from "node:timers/promises";
import { readRecords } from "../src/events/log/read.ts";

const LOG = "/var/log/cofferdam";

interface Counted {
  lines: number;
  named: number;
  folded: number;
  lost: number;
}

/**
 * What the log says of a domain's `calls`, once it accounts for all of them or `waitMs` have
 * passed: events that were counted together are written a moment after the domain's end.
 */
export async function accounted(domain: string, calls: number, waitMs: number): Promise<Counted> {
  for (const since = performance.now(); ; await pause(100)) {
    const told = countEvents(domain);
    const all = told.named + told.folded + told.lost;
    if (all >= calls || performance.now() - since > waitMs) return told;
  }
}

/** What the log says of the domain's accesses. */
function countEvents(domain: string): Counted {
  const counted = { lines: 0, named: 0, folded: 0, lost: 0 };
  for (const { event } of readRecords(LOG)) {
    if (event.domain !== domain) continue;
    counted.lines += 1;
    if (event.class === "name") counted.named += event.count;
    else if (event.operation === "folded") counted.folded += event.count;
    else if (event.operation === "lost") counted.lost += event.count;
  }
  return counted;
}
