import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { PRIVATE_FILE } from "../../../src/base/modes.ts";
import { stamp } from "../../../src/events/identity.ts";
import { LOG_LOCK_WAIT_MS } from "../../../src/events/limits.ts";
import { openEventLog } from "../../../src/events/log/event-log.ts";
import { readRecords } from "../../../src/events/log/read.ts";
import { verify } from "../../../src/events/log/verify.ts";
import { LOCK_EX } from "../../../src/kernel/constants.ts";
import { close, open, syscall } from "../../../src/kernel/ffi.ts";
import { needsRoot } from "../../support/skip.ts";
import { anEvent } from "../an-event.ts";
import { LogFolder } from "./lines.ts";

let folder: LogFolder;
beforeEach(() => {
  folder = new LogFolder();
});
afterEach(() => {
  vi.useRealTimers();
  folder.remove();
});

const limits = { waiting: 10, retryMs: 0 };

/** Events that are in the log, and those of which it says that they are lost. */
function account() {
  const records = [...readRecords(folder.path)];
  const written = records.filter(({ event }) => event.source !== "log").length;
  const lost = records
    .filter(({ event }) => event.operation === "lost")
    .reduce((sum, { event }) => sum + event.count, 0);
  return { written, lost };
}

/** Lazily taken away, so that a failed test leaves no disk behind. */
async function onSmallDisk(bytes: number, work: () => void): Promise<void> {
  mkdirSync(folder.path);
  const mount = spawn("mount", [
    "-t",
    "tmpfs",
    "-o",
    `size=${bytes},mode=755`,
    "tmpfs",
    folder.path,
  ]);
  expect((await once(mount, "close"))[0]).toBe(0);
  try {
    work();
  } finally {
    await once(spawn("umount", ["--lazy", folder.path]), "close");
  }
}

test("on a full disk events wait or are counted, and the log says so later", async (context) => {
  needsRoot(context);
  await onSmallDisk(200_000, () => {
    writeFileSync(folder.file("filler"), Buffer.alloc(100_000));
    const log = openEventLog(folder.path, limits);
    let [sent, passedOn] = [0, 0];
    const owner = { passedOn: (count: number) => (passedOn += count) };
    for (; sent < 1_000; sent++) log.append(anEvent({ object: `/${sent}` }), owner);
    expect(log.problem).toMatch(/ENOSPC/);
    expect(passedOn).toBe(account().written);
    expect(log.lost).toBeGreaterThan(100);
    expect(verify(folder.path).state).toBe("whole");
    rmSync(folder.file("filler"));
    log.flush();
    expect(log.problem).toBeNull();
    const { written, lost } = account();
    expect(lost).toBeGreaterThan(100);
    expect([written + lost, passedOn]).toEqual([sent, sent]);
    expect(verify(folder.path)).toMatchObject({ state: "whole", lost });
    log.close();
  });
});

test("a missing folder is made again; otherwise events wait and are counted", () => {
  const log = openEventLog(folder.path, limits);
  log.append(anEvent());
  rmSync(folder.path, { recursive: true });
  log.append(anEvent({ object: "/again" }));
  expect(folder.records().map(({ event }) => event.object)).toEqual(["/again"]);
  const parent = dirname(folder.path);
  renameSync(parent, `${parent}.away`);
  for (let i = 0; i < 25; i++) log.append(anEvent());
  expect(log.problem).toMatch(/ENOENT/);
  expect(log.lost).toBe(15);
  renameSync(`${parent}.away`, parent);
  log.flush();
  expect(account()).toEqual({ written: 11, lost: 15 });
  expect(verify(folder.path).state).toBe("whole");
});

test("a writer stopped with the lock delays others once, not for each event", async () => {
  openEventLog(folder.path).append(anEvent());
  const held = open(folder.file("events.head"), 2);
  syscall("flock", held, LOCK_EX);
  const log = openEventLog(folder.path, { waiting: 10, retryMs: 100 });
  const start = performance.now();
  for (let i = 0; i < 1_000; i++) log.append(anEvent());
  // A thousand waits would be more than three minutes.
  expect(performance.now() - start).toBeLessThan(LOG_LOCK_WAIT_MS * 100);
  expect(log.problem).toMatch(/EAGAIN/);
  close(held);
  while (log.problem !== null) {
    await setTimeout(20);
    log.flush();
  }
  expect(account()).toEqual({ written: 11, lost: 990 });
});

test("after a failure nothing is tried before its time", async () => {
  const log = openEventLog("/proc/none/log", { retryMs: 200 });
  log.append(anEvent());
  const before = log.problem;
  mkdirSync(folder.path);
  const other = openEventLog(folder.path, { retryMs: 100 });
  writeFileSync(folder.file("events.jsonl"), "", { mode: PRIVATE_FILE });
  rmSync(folder.file("events.jsonl"));
  mkdirSync(folder.file("events.jsonl"));
  other.append(anEvent());
  expect(other.problem).toMatch(/EISDIR|is not a file/);
  rmSync(folder.file("events.jsonl"), { recursive: true });
  other.append(anEvent());
  expect(other.problem).not.toBeNull();
  await setTimeout(120);
  other.flush();
  expect(other.problem).toBeNull();
  expect(account()).toEqual({ written: 2, lost: 0 });
  expect(before).toMatch(/ENOENT/);
  expect(log.close()).toBe(1);
});

test("an event too long for a record is counted, not cut", () => {
  const log = openEventLog(folder.path);
  // The longest names there are; more bytes than characters; too long by a little, and by much.
  const names = [
    "\u0001".repeat(4_095),
    "\u20ac".repeat(21_500),
    "\u20ac".repeat(21_800),
    "x".repeat(70_000),
  ];
  log.appendAll(names.map((name) => anEvent({ object: `/${name}` })));
  expect(log.lost).toBe(0);
  expect(account()).toEqual({ written: 2, lost: 2 });
  expect(verify(folder.path).state).toBe("whole");
});

test("a clock that steps back changes no order and holds up no retry", () => {
  const log = openEventLog(folder.path, limits);
  vi.useFakeTimers({ toFake: ["Date"] });
  for (const year of [2030, 2020, 2025]) {
    vi.setSystemTime(new Date(Date.UTC(year, 0)));
    log.append(anEvent({ ...stamp(), object: `/${year}` }));
  }
  expect([...readRecords(folder.path)].map(({ event }) => event.object)).toEqual([
    "/2030",
    "/2020",
    "/2025",
  ]);
  expect(verify(folder.path).state).toBe("whole");
});
