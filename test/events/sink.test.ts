import { readFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openSink } from "../../src/events/collector/sink.ts";
import { openEventLog } from "../../src/events/log/event-log.ts";
import { verify } from "../../src/events/log/verify.ts";
import { anEvent } from "./an-event.ts";
import { LogFolder } from "./log/lines.ts";

let folder: LogFolder;
beforeEach(() => {
  folder = new LogFolder();
});
afterEach(() => folder.remove());

test("a collector that writes to the log keeps its chain, beside other writers", () => {
  const other = openEventLog(folder.path);
  other.append(anEvent());
  const sink = openSink(folder.file(), folder.path);
  sink.write(anEvent());
  other.append(anEvent());
  sink.write(anEvent());
  expect(sink.failure()).toBeNull();
  expect(verify(folder.path)).toMatchObject({ state: "whole", records: 4 });
});

test("into any other file it writes plain lines", () => {
  openEventLog(folder.path).append(anEvent());
  const sink = openSink(folder.file("mine.jsonl"), folder.path);
  sink.write(anEvent());
  expect(JSON.parse(readFileSync(folder.file("mine.jsonl"), "utf8"))).toEqual(anEvent());
  expect(sink.failure()).toBeNull();
});

test("a log that cannot be written is said at the end, with how many", () => {
  const sink = openSink("/proc/none/events.jsonl", "/proc/none");
  for (let i = 0; i < 3; i++) sink.write(anEvent());
  expect(sink.failure()).toEqual({ count: 3, why: expect.stringMatching(/ENOENT/) });
});
