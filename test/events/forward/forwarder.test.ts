import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import { PUBLIC_FOLDER } from "../../../src/base/modes.ts";
import { Forwarder } from "../../../src/events/forward/forwarder.ts";
import type { Item } from "../../../src/events/forward/item.ts";
import type { Sink } from "../../../src/events/forward/sink.ts";
import { textSink } from "../../../src/events/forward/text-sink.ts";
import { openEventLog } from "../../../src/events/log/event-log.ts";
import { endOf, LogReader } from "../../../src/events/log/reader.ts";
import { anEvent } from "../an-event.ts";
import { ChildProgram } from "../log/child.ts";
import { LogFolder } from "../log/lines.ts";

const program = new ChildProgram("forward-events.ts");
afterAll(() => program.remove());

let folder: LogFolder;
beforeEach(() => {
  folder = new LogFolder();
});
afterEach(() => folder.remove());

function append(from: number, to: number, oldFiles = 1_000): void {
  const log = openEventLog(folder.path, { fileBytes: 5_000, oldFiles });
  for (let i = from; i < to; i++) log.append(anEvent({ id: `id-${i}` }));
  log.close();
}

const ids = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `id-${from + i}`);

/** A sink that can be away, and takes nothing back. */
function memorySink() {
  const taken: string[] = [];
  const options = { room: Number.POSITIVE_INFINITY };
  const sink: Sink = {
    deliver: (items: readonly Item[]) => {
      const some = items.slice(0, options.room);
      taken.push(...some.map(({ event }) => (event.source === "log" ? event.object : event.id)));
      return { delivered: some.length, why: some.length < items.length ? "full" : null };
    },
    state: () => null,
    restore: () => undefined,
    close: () => undefined,
  };
  return { sink, taken, options };
}

/** Lines of a text file and of those closed before it, oldest first. */
function lines(path: string, name: string): string[] {
  const numbers = readdirSync(path).flatMap((file) =>
    file.startsWith(`${name}.`) ? Number(file.slice(name.length + 1)) : [],
  );
  const files = [...numbers.sort((a, b) => b - a).map((number) => `${name}.${number}`), name];
  return files.flatMap((file) => readFileSync(join(path, file), "utf8").split("\n").slice(0, -1));
}

test("a forwarder continues from the last one's state, over rotations", () => {
  append(0, 30);
  const { sink, taken } = memorySink();
  const first = new Forwarder(folder.path, sink, null);
  const { state } = first.step();
  first.close();
  append(30, 60);
  const second = new Forwarder(folder.path, sink, JSON.parse(JSON.stringify(state)));
  expect(second.step()).toMatchObject({ delivered: 30, caughtUp: true, problem: null });
  expect(second.step()).toMatchObject({ delivered: 0, caughtUp: true });
  append(60, 61);
  second.step();
  second.close();
  expect(taken).toEqual(ids(0, 61));
});

test("a sink that takes a part gets the rest later, and none twice", () => {
  append(0, 20);
  const { sink, taken, options } = memorySink();
  const forwarder = new Forwarder(folder.path, sink, null);
  options.room = 7;
  expect(forwarder.step()).toMatchObject({ delivered: 7, caughtUp: false, problem: "full" });
  options.room = 0;
  forwarder.step();
  const { state } = forwarder.step();
  options.room = 100;
  const again = new Forwarder(folder.path, sink, state);
  expect(again.step()).toMatchObject({ delivered: 13, caughtUp: true, problem: null });
  expect(taken).toEqual(ids(0, 20));
});

test("records that were removed before they were forwarded are counted and reported", () => {
  append(0, 5, 2);
  const { sink, taken } = memorySink();
  const { state } = new Forwarder(folder.path, sink, null).step();
  taken.length = 0;
  append(5, 100, 2);
  new Forwarder(folder.path, sink, state).step();
  const lost = Number(
    /^(\d+) records that were removed before they could be forwarded$/.exec(taken[0] ?? "")?.[1],
  );
  const seen = new LogReader(folder.path, null).next(1_000).records;
  expect(lost).toBe((seen[0]?.seq ?? 0) - 6);
  expect(taken.slice(1).filter((id) => id.startsWith("id-"))).toEqual(
    ids(100 - taken.filter((id) => id.startsWith("id-")).length, 100),
  );
});

test("a log that is begun anew is read from its beginning", () => {
  append(0, 10);
  const { sink, taken } = memorySink();
  const { state } = new Forwarder(folder.path, sink, null).step();
  rmSync(folder.path, { recursive: true });
  append(100, 105);
  new Forwarder(folder.path, sink, state).step();
  expect(taken.slice(10)).toEqual(ids(100, 105));
});

test("without a log there is nothing to do, and from its end only what comes", () => {
  const { sink, taken } = memorySink();
  const early = new Forwarder(join(folder.path, "none"), sink, null);
  expect(early.step()).toEqual({
    state: { position: null, sink: null },
    delivered: 0,
    caughtUp: true,
    problem: null,
  });
  expect(endOf(folder.path)).toBeNull();
  append(0, 20);
  const reader = new LogReader(folder.path, endOf(folder.path));
  expect(reader.next(10).records).toEqual([]);
  append(20, 22);
  expect(reader.next(10).records.map(({ event }) => event.id)).toEqual(ids(20, 22));
  reader.close();
  expect(taken).toEqual([]);
});

test("a moved text file is begun anew; on a full disk the forwarder waits", () => {
  mkdirSync(folder.path, { mode: PUBLIC_FOLDER });
  const sink = textSink(folder.path, "lines.log", ({ event }) => `${event.id}\n`);
  const item = (id: string): Item => ({ event: anEvent({ id }), seq: 1, hash: null });
  sink.deliver([item("a")]);
  rmSync(folder.file("lines.log"));
  sink.deliver([item("b")]);
  expect(folder.text("lines.log")).toBe("b\n");
  const nowhere = textSink("/proc/none", "lines.log", () => "x\n");
  expect(nowhere.deliver([item("c")])).toEqual({
    delivered: 0,
    why: "/proc/none/lines.log: ENOENT",
  });
});

test("a forwarder killed at any moment loses no line and duplicates none", async () => {
  const out = join(folder.path, "..", "out");
  mkdirSync(out);
  const stateFile = join(out, "state.json");
  const rounds = 25;
  for (let round = 0; round < rounds; round++) {
    const child = program.start(folder.path, stateFile);
    append(round * 40, round * 40 + 20);
    await setTimeout(60 + Math.random() * 80);
    append(round * 40 + 20, round * 40 + 40);
    await setTimeout(Math.random() * 10);
    child.kill("SIGKILL");
    await once(child, "close");
  }
  const last = program.start(folder.path, stateFile);
  while (!existsSync(stateFile) || lines(out, "lines.log").at(-1) !== `id-${rounds * 40 - 1}`)
    await setTimeout(20);
  last.kill("SIGKILL");
  await once(last, "close");
  expect(lines(out, "lines.log")).toEqual(ids(0, rounds * 40));
});
