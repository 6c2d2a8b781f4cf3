import {
  existsSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openEventLog } from "../../../src/events/log/event-log.ts";
import { readRecords } from "../../../src/events/log/read.ts";
import { verify } from "../../../src/events/log/verify.ts";
import { anEvent } from "../an-event.ts";
import { LogFolder } from "./lines.ts";

let folder: LogFolder;
beforeEach(() => {
  folder = new LogFolder();
});
afterEach(() => folder.remove());

function append(...objects: readonly string[]): void {
  const log = openEventLog(folder.path, { fileBytes: 2_000, oldFiles: 9 });
  for (const object of objects) log.append(anEvent({ object }));
  expect(log.problem).toBeNull();
  log.close();
}

function objects(): readonly string[] {
  return [...readRecords(folder.path)]
    .filter(({ event }) => event.source !== "log")
    .map(({ event }) => event.object);
}

test("a writer killed after any byte of a record loses only that record", () => {
  append("/1", "/2");
  const head = readFileSync(folder.file("events.head"));
  const before = statSync(folder.file()).size;
  append("/3");
  const length = statSync(folder.file()).size - before;
  folder.remove();
  for (let bytes = 0; bytes <= length; bytes += bytes > 10 && bytes < length - 10 ? 7 : 1) {
    folder = new LogFolder();
    append("/1", "/2");
    const stood = readFileSync(folder.file("events.head"));
    append("/3");
    truncateSync(folder.file(), before + bytes);
    writeFileSync(folder.file("events.head"), stood);
    append("/next");
    const isThere = bytes >= length - 1;
    expect(objects()).toEqual(isThere ? ["/1", "/2", "/3", "/next"] : ["/1", "/2", "/next"]);
    expect(verify(folder.path).state).toBe(bytes === 0 || bytes === length ? "whole" : "resumed");
    folder.remove();
  }
  expect(head.length).toBe(256);
});

test("an interrupted rotation leaves a gap, which the next one fills", () => {
  append(...Array.from({ length: 7 }, (_, i) => `/${i}`));
  expect(existsSync(folder.file("events.jsonl.3"))).toBe(false);
  renameSync(folder.file("events.jsonl.2"), folder.file("events.jsonl.3"));
  renameSync(folder.file("events.jsonl.1"), folder.file("events.jsonl.2"));
  append("/7", "/8", "/9", "/10");
  expect(objects()).toEqual(Array.from({ length: 11 }, (_, i) => `/${i}`));
  expect(existsSync(folder.file("events.jsonl.1"))).toBe(true);
  expect(existsSync(folder.file("events.jsonl.4"))).toBe(false);
  expect(verify(folder.path)).toMatchObject({ state: "whole", records: 11 });
});

test("a rotation that was interrupted before the new file was begun is gone on with", () => {
  append("/0", "/1");
  renameSync(folder.file(), folder.file("events.jsonl.1"));
  append("/2");
  expect(objects()).toEqual(["/0", "/1", "/2"]);
  expect(verify(folder.path)).toMatchObject({ state: "whole", files: 2 });
});

test("so is one whose writer began the new file and could not say so", () => {
  append("/0", "/1");
  const stood = readFileSync(folder.file("events.head"));
  renameSync(folder.file(), folder.file("events.jsonl.1"));
  append("/2");
  writeFileSync(folder.file("events.head"), stood);
  append("/3");
  expect(objects()).toEqual(["/0", "/1", "/2", "/3"]);
  expect(verify(folder.path).state).toBe("whole");
});

test("the oldest file goes only when a record says so", () => {
  const log = openEventLog(folder.path, { fileBytes: 2_000, oldFiles: 2 });
  for (let i = 0; i < 40; i++) log.append(anEvent({ object: `/${i}` }));
  const result = verify(folder.path);
  expect(result).toMatchObject({ state: "whole", files: 3 });
  expect(result.first).toBeGreaterThan(1);
  const notes = [...readRecords(folder.path)].filter(({ event }) => event.operation === "removed");
  expect(notes.at(-1)?.event.chain).toMatchObject({
    kind: "removed",
    last: (result.first ?? 0) - 1,
  });
  expect(existsSync(folder.file("events.jsonl.3"))).toBe(false);
});
