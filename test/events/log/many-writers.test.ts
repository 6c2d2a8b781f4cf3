import { once } from "node:events";
import { text } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import { readRecords } from "../../../src/events/log/read.ts";
import { LogReader } from "../../../src/events/log/reader.ts";
import { verify } from "../../../src/events/log/verify.ts";
import { ChildProgram } from "./child.ts";
import { LogFolder } from "./lines.ts";

const writer = new ChildProgram("write-events.ts");
afterAll(() => writer.remove());

let folder: LogFolder;
beforeEach(() => {
  folder = new LogFolder();
});
afterEach(() => folder.remove());

const FILE_BYTES = 100_000;
/** Each starts some dozens of programs, one after the other. */
const TIMEOUT_MS = 240_000;

test("four writers lose nothing over rotations; a reader sees each record once", {
  timeout: TIMEOUT_MS,
}, async () => {
  const each = 3_000;
  const labels = ["a", "b", "c", "d"];
  const children = labels.map((label) =>
    writer.start(folder.path, label, String(each), String(FILE_BYTES)),
  );
  const ends = children.map(async (child) => {
    child.stdout?.resume();
    const [status] = await once(child, "close");
    return status;
  });
  const reader = new LogReader(folder.path, null);
  const seen: string[] = [];
  let missing = 0;
  while (
    seen.length < labels.length * each &&
    children.some((child) => child.exitCode === null || seen.length > 0)
  ) {
    const batch = reader.next(100);
    missing += batch.missing;
    seen.push(...batch.records.map(({ event }) => event.id));
    if (!batch.caughtUp) continue;
    if (children.every((child) => child.exitCode !== null) && batch.records.length === 0) break;
    await setTimeout(1);
  }
  reader.close();
  expect(await Promise.all(ends)).toEqual([0, 0, 0, 0]);
  expect(missing).toBe(0);
  expect(new Set(seen).size).toBe(seen.length);
  expect([...seen].sort()).toEqual(
    labels.flatMap((label) => Array.from({ length: each }, (_, i) => `${label}-${i}`)).sort(),
  );
  const { state, files, records } = verify(folder.path);
  expect({ state, records }).toEqual({ state: "whole", records: labels.length * each });
  expect(files).toBeGreaterThan(20);
});

test("a writer killed at any moment loses at most one record", {
  timeout: TIMEOUT_MS,
}, async () => {
  const rounds = 40;
  const told = new Set<string>();
  for (let round = 0; round < rounds; round++) {
    const child = writer.start(folder.path, `r${round}`, "0", String(FILE_BYTES));
    const said = text(child.stdout as NonNullable<typeof child.stdout>);
    await once(child.stdout as NonNullable<typeof child.stdout>, "data");
    await setTimeout(Math.random() * 30);
    child.kill("SIGKILL");
    await once(child, "close");
    // The first waiter got the first piece; only the last message matters.
    for (const id of (await said).split("\n").slice(1, -1)) told.add(id);
  }
  const written = new Set([...readRecords(folder.path)].map(({ event }) => event.id));
  expect(told.size).toBeGreaterThan(rounds);
  expect([...told].filter((id) => !written.has(id))).toEqual([]);
  const { state, findings } = verify(folder.path);
  expect(findings.filter(({ kind }) => kind === "altered" || kind === "missing")).toEqual([]);
  expect(["whole", "resumed"]).toContain(state);
});

test("a writer killed while it rotates and removes files leaves a chain that says so", {
  timeout: TIMEOUT_MS,
}, async () => {
  for (let round = 0; round < 40; round++) {
    const child = writer.start(folder.path, `r${round}`, "0", "3000", "3");
    child.stdout?.resume();
    await once(child.stdout as NonNullable<typeof child.stdout>, "data");
    await setTimeout(Math.random() * 20);
    child.kill("SIGKILL");
    await once(child, "close");
    const { state, findings, files } = verify(folder.path);
    expect(findings.filter(({ kind }) => kind === "altered" || kind === "missing")).toEqual([]);
    expect(["whole", "resumed"]).toContain(state);
    expect(files).toBeLessThanOrEqual(5);
  }
});

test("a reader of all files sees every record once, in order, while they rotate", {
  timeout: TIMEOUT_MS,
}, async () => {
  const child = writer.start(folder.path, "a", "0", "5000", "1000");
  child.stdout?.resume();
  await once(child.stdout as NonNullable<typeof child.stdout>, "data");
  const ended = once(child, "close");
  for (let round = 0; round < 30; round++) {
    let last = 0;
    for (const { seq } of readRecords(folder.path)) {
      // Thousands of records: only a wrong one is worth an assertion.
      if (seq !== last + 1) expect(seq).toBe(last + 1);
      last = seq;
    }
    expect(last).toBeGreaterThan(0);
    await setTimeout(1);
  }
  child.kill("SIGKILL");
  await ended;
});
