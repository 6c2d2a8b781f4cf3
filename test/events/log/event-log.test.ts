import { chmodSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  GROUP_FILE,
  PERMISSION_BITS,
  PRIVATE_FILE,
  PRIVATE_FOLDER,
  PUBLIC_FOLDER,
  SHARED_FILE,
  SHARED_FOLDER,
} from "../../../src/base/modes.ts";
import { openEventLog } from "../../../src/events/log/event-log.ts";
import { genesis } from "../../../src/events/log/record.ts";
import { anEvent } from "../an-event.ts";
import { LogFolder } from "./lines.ts";

let folder: LogFolder;
beforeEach(() => {
  folder = new LogFolder();
});
afterEach(() => folder.remove());

test("each record continues the one before it, of any writer", () => {
  const writers = [openEventLog(folder.path), openEventLog(folder.path), openEventLog(folder.path)];
  for (let i = 0; i < 30; i++) writers[i % 3]?.append(anEvent({ object: `/${i}` }));
  const records = folder.records();
  expect(records.map(({ event }) => event.object)).toEqual(
    Array.from({ length: 30 }, (_, i) => `/${i}`),
  );
  expect(records.map(({ seq }) => seq)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
  expect(records.map(({ prev }) => prev)).toEqual([
    genesis.hash,
    ...records.slice(0, -1).map(({ hash }) => hash),
  ]);
  for (const writer of writers) expect(writer.close()).toBe(0);
});

test("a record is the event with three members more", () => {
  const event = anEvent({ object: "/a\n\u{1f600}\ud800\u0001" });
  openEventLog(folder.path).append(event);
  const { seq, prev, hash, ...rest } = JSON.parse(folder.text());
  expect(rest).toEqual(event);
  expect([seq, prev, hash.length]).toEqual([1, genesis.hash, 64]);
});

test("the log belongs to its owner; no other user can take the lock", () => {
  const before = process.umask(0);
  openEventLog(folder.path).append(anEvent());
  process.umask(before);
  const isRoot = process.geteuid?.() === 0;
  const modes = [folder.path, folder.file(), folder.file("events.head")].map(
    (path) => statSync(path).mode & PERMISSION_BITS,
  );
  expect(modes).toEqual(
    isRoot
      ? [PUBLIC_FOLDER, GROUP_FILE, PRIVATE_FILE]
      : [PRIVATE_FOLDER, PRIVATE_FILE, PRIVATE_FILE],
  );
});

test.each(["events.jsonl", "events.head"])("a link under the name %s is not followed", (name) => {
  mkdirSync(folder.path, { mode: PUBLIC_FOLDER });
  writeFileSync(folder.file("elsewhere"), "");
  symlinkSync(folder.file("elsewhere"), folder.file(name));
  const log = openEventLog(folder.path);
  log.append(anEvent());
  expect(log.problem).toMatch(/ELOOP/);
  expect(folder.text("elsewhere")).toBe("");
});

test.each([".", "events.jsonl", "events.head"])("%s that others may write is refused", (name) => {
  openEventLog(folder.path).append(anEvent());
  chmodSync(folder.file(name), name === "." ? SHARED_FOLDER : SHARED_FILE);
  const log = openEventLog(folder.path);
  log.append(anEvent());
  expect(log.problem).toMatch(/others could write/);
  expect(folder.records()).toHaveLength(1);
});
