import { renameSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { LiveTable } from "../../src/domains/live-table.ts";
import { recordWords, TABLE_BYTES, tableHeaderBytes } from "../../src/domains/live-table-layout.ts";
import { LiveTableWriter } from "../../src/domains/live-table-writer.ts";
import { scratchFolder } from "../support/scratch.ts";

let folder: string;
let path: string;

beforeEach(() => {
  folder = scratchFolder("table");
  path = join(folder, "table");
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The reader looks again at intervals. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(10);
}

test("a level is seen by readers that have the table mapped, at once", () => {
  const writer = LiveTableWriter.open(path);
  const reader = LiveTable.open(path);
  expect(reader.level(7)).toBeNull();
  for (const level of ["warning", "enforcing", "disabled", "enforcing"] as const) {
    writer.setLevel(7, level);
    expect(reader.level(7)).toBe(level);
  }
  expect(reader.generation(7)).toBe(0);
  writer.nextGeneration(7);
  expect(reader.generation(7)).toBe(1);
  writer.setGone(7);
  expect(reader.level(7)).toBeNull();
  expect(writer.level(7)).toBeNull();
  expect(reader.level(6)).toBeNull();
});

test("a table outlives its writer, and the next writer continues it", () => {
  const first = LiveTableWriter.open(path);
  const reader = LiveTable.open(path);
  first.setLevel(1, "warning");
  first.nextGeneration(1);
  first.close();
  const inode = statSync(path).ino;
  const second = LiveTableWriter.open(path);
  expect(statSync(path).ino).toBe(inode);
  expect([second.level(1), second.generation(1)]).toEqual(["warning", 1]);
  second.setLevel(1, "enforcing");
  expect(reader.level(1)).toBe("enforcing");
});

test.each([
  ["missing", null],
  ["empty", Buffer.alloc(0)],
  ["short", Buffer.from(tableHeaderBytes())],
  ["foreign", Buffer.alloc(TABLE_BYTES, 1)],
])("a %s table gives no level, and the one that takes its place is found", async (_what, bytes) => {
  if (bytes !== null) writeFileSync(path, bytes);
  const reader = LiveTable.open(path);
  expect(reader.level(1)).toBeNull();
  expect(reader.generation(1)).toBe(0);
  LiveTableWriter.open(path).setLevel(1, "warning");
  await until(() => reader.level(1) === "warning");
});

test("a table that was replaced without a word is noticed", async () => {
  LiveTableWriter.open(path).setLevel(1, "warning");
  const reader = LiveTable.open(path);
  LiveTableWriter.open(join(folder, "other")).setLevel(1, "enforcing");
  renameSync(join(folder, "other"), path);
  await until(() => reader.level(1) === "enforcing");
});

test("a broken table is voided, so that its readers turn to the new one at once", () => {
  LiveTableWriter.open(path).setLevel(1, "warning");
  const reader = LiveTable.open(path);
  expect(reader.level(1)).toBe("warning");
  writeFileSync(path, Buffer.from([0x58]), { flag: "r+" });
  LiveTableWriter.open(path).setLevel(1, "enforcing");
  expect(reader.level(1)).toBe("enforcing");
});

test("a word that stands for no level is none, and numbers beyond the table are refused", () => {
  const writer = LiveTableWriter.open(path);
  writer.setLevel(3, "warning");
  const bytes = Buffer.alloc(4, 9);
  const reader = LiveTable.open(path);
  const file = Buffer.concat([tableHeaderBytes(), Buffer.alloc(TABLE_BYTES - 64)]);
  file.writeInt32LE(1, recordWords(3) * 4);
  bytes.copy(file, (recordWords(3) + 1) * 4);
  writeFileSync(path, file, { flag: "r+" });
  expect(reader.level(3)).toBeNull();
  for (const number of [-1, 65_536, 1.5, Number.NaN]) {
    expect(reader.level(number)).toBeNull();
    expect(() => writer.setLevel(number, "warning")).toThrow(RangeError);
  }
});

test("a file that is too short is not mapped, also when it was longer before", async () => {
  LiveTableWriter.open(path).close();
  truncateSync(path, 64);
  expect(LiveTable.open(path).level(1)).toBeNull();
});
