import { readdirSync, statSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Fold } from "../../src/events/fold.ts";
import { EVENTS_NAMED_MAX } from "../../src/events/limits.ts";
import { openEventLog } from "../../src/events/log/event-log.ts";
import { readRecords } from "../../src/events/log/read.ts";
import { verify } from "../../src/events/log/verify.ts";
import { anEvent } from "./an-event.ts";
import { LogFolder } from "./log/lines.ts";

let folder: LogFolder;
beforeEach(() => {
  folder = new LogFolder();
});
afterEach(() => folder.remove());

const DENIALS = 1_000_000;
const SLOW_MS = 120_000;

function diskBytes(): number {
  return readdirSync(folder.path).reduce((sum, name) => sum + statSync(folder.file(name)).size, 0);
}

/** A million denials, `distinct` different ones, with a flush now and then as a clock would. */
function flood(distinct: number): number {
  const log = openEventLog(folder.path);
  const lifecycle = (operation: string, object: string, count: number) =>
    anEvent({ class: "lifecycle", operation, object, count });
  const fold = new Fold((event) => log.append(event), lifecycle);
  const before = process.memoryUsage().rss;
  let most = 0;
  for (let i = 0; i < DENIALS; i++) {
    fold.add(anEvent({ id: String(i), object: `/srv/${i % distinct}` }));
    if (i % 50_000 !== 0) continue;
    fold.flush();
    most = Math.max(most, process.memoryUsage().rss - before);
  }
  fold.flush(Number.POSITIVE_INFINITY);
  expect(log.close()).toBe(0);
  return most;
}

test.each([1, 700, DENIALS])(
  "a million denials, %d of them different, cost bounded memory and disk, and the count is exact",
  (distinct) => {
    const memory = flood(distinct);
    expect(memory).toBeLessThan(200_000_000);
    expect(diskBytes()).toBeLessThan(20_000_000);
    const records = [...readRecords(folder.path)].map(({ event }) => event);
    expect(records.reduce((sum, { count }) => sum + count, 0)).toBe(DENIALS);
    expect(records.length).toBeLessThanOrEqual((DENIALS / 50_000 + 2) * (EVENTS_NAMED_MAX + 1));
    expect(verify(folder.path).state).toBe("whole");
  },
  SLOW_MS,
);

test("without folding, too, the log takes no more of the disk than its files may", {
  timeout: SLOW_MS,
}, () => {
  const limits = { fileBytes: 500_000, oldFiles: 3 };
  const log = openEventLog(folder.path, limits);
  for (let i = 0; i < 20_000; i++) log.append(anEvent({ object: `/srv/${i}` }));
  expect(diskBytes()).toBeLessThan((limits.oldFiles + 1) * limits.fileBytes + 10_000);
  expect(verify(folder.path)).toMatchObject({ state: "whole", files: 4 });
});
