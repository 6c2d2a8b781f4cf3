import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { PRIVATE_FILE } from "../../../src/base/modes.ts";
import { openEventLog } from "../../../src/events/log/event-log.ts";
import { verify } from "../../../src/events/log/verify.ts";
import { LOCK_EX, O_RDWR } from "../../../src/kernel/constants.ts";
import { close, open, syscall } from "../../../src/kernel/ffi.ts";
import { anEvent } from "../an-event.ts";
import { LogFolder } from "./lines.ts";

let folder: LogFolder;
beforeEach(() => {
  folder = new LogFolder();
});
afterEach(() => folder.remove());

/** Ten records, /1 to /10. */
function ten(): void {
  const log = openEventLog(folder.path);
  for (let i = 1; i <= 10; i++) log.append(anEvent({ object: `/${i}` }));
  log.close();
}

/** Another process, which knows nothing of what was before. */
function appendOne(object = "/next"): void {
  const log = openEventLog(folder.path);
  log.append(anEvent({ object }));
  expect(log.problem).toBeNull();
  log.close();
}

function edit(change: (lines: string[]) => readonly string[]): void {
  const lines = folder.text().trimEnd().split("\n");
  writeFileSync(
    folder.file(),
    change(lines)
      .map((line) => `${line}\n`)
      .join(""),
  );
}

function found() {
  const { state, findings } = verify(folder.path);
  return { state, findings: findings.map(({ kind, line, text }) => `${line} ${kind}: ${text}`) };
}

test("a log as it was written is whole, an empty folder too", () => {
  mkdirSync(folder.path);
  expect(verify(folder.path)).toMatchObject({
    state: "whole",
    files: 0,
    records: 0,
    first: null,
    last: null,
  });
  ten();
  appendOne();
  expect(verify(folder.path)).toMatchObject({
    state: "whole",
    files: 1,
    records: 11,
    first: 1,
    last: 11,
    findings: [],
  });
});

test("a letter that was changed is found, and only there", () => {
  ten();
  edit((lines) => lines.map((line, at) => (at === 3 ? line.replace("/4", "/5") : line)));
  expect(found()).toEqual({
    state: "broken",
    findings: ["4 altered: record 4 is not as it was written"],
  });
});

test("an exchanged record with a valid hash is found through the next one", () => {
  ten();
  const other = new LogFolder();
  const log = openEventLog(other.path);
  for (let i = 0; i < 4; i++) log.append(anEvent({ object: "/harmless" }));
  edit((lines) => lines.map((line, at) => (at === 3 ? (other.text().split("\n")[3] ?? "") : line)));
  other.remove();
  expect(found().findings).toEqual([
    "4 altered: record 4 does not continue record 3: one of them was exchanged",
    "5 altered: record 5 does not continue record 4: one of them was exchanged",
  ]);
});

test("records that were taken out are missing, wherever they were", () => {
  ten();
  edit((lines) => [...lines.slice(2, 5), ...lines.slice(7, 9)]);
  expect(found()).toEqual({
    state: "broken",
    findings: [
      "4 missing: records 6 to 7 are missing before record 8",
      "5 missing: record 10 is missing at the end",
      "1 missing: records 1 to 2 are missing at the beginning, and no record says that they " +
        "were removed",
    ],
  });
});

test("records that change places do not stay unseen", () => {
  ten();
  edit(([a = "", b = "", ...rest]) => [b, a, ...rest]);
  expect(found().state).toBe("broken");
});

test("the next writer closes an unfinished line; nothing else is lost", () => {
  ten();
  appendFileSync(folder.file(), '{"v":1,"id":"half');
  expect(found()).toEqual({
    state: "resumed",
    findings: ["11 torn: a record that its writer could not finish"],
  });
  appendOne();
  expect(found()).toEqual({
    state: "resumed",
    findings: [
      "11 torn: a record that its writer could not finish",
      expect.stringMatching(
        /^12 resumed: .* 11 of \S+ resumes: the log, after a line that its writer could not finish$/,
      ),
    ],
  });
  expect(
    folder
      .records()
      .map(({ event }) => event.object)
      .slice(-3, -2),
  ).toEqual(["/10"]);
  expect(folder.records().at(-1)).toMatchObject({ seq: 12, event: { object: "/next" } });
});

test("a whole record that lacks only its newline is not lost", () => {
  ten();
  truncateSync(folder.file(), folder.text().length - 1);
  // As if the writer had been killed before it could say how far it was.
  rmSync(folder.file("events.head"));
  appendOne();
  expect(folder.records().map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  expect(found().state).toBe("resumed");
});

test("foreign lines are left, and reported", () => {
  ten();
  appendFileSync(folder.file(), "not mine\n");
  expect(found()).toEqual({ state: "broken", findings: ["11 altered: this is not a record"] });
  appendOne();
  expect(found().findings).toEqual([
    "11 altered: this is not a record",
    expect.stringMatching(/^12 resumed: .*after lines that no writer of the log wrote$/),
  ]);
});

test("an end that was cut off is missing, with and without later writes", () => {
  ten();
  edit((lines) => lines.slice(0, 7));
  expect(found()).toEqual({
    state: "broken",
    findings: ["7 missing: records 8 to 10 are missing at the end"],
  });
  appendOne();
  expect(found().findings).toEqual([
    expect.stringMatching(/^8 resumed: record 11 of .*whose end was cut off$/),
    "8 missing: records 8 to 10 are missing before record 11",
  ]);
});

test("a file that was removed or replaced is missing, and the numbers go on", () => {
  const log = openEventLog(folder.path);
  for (let i = 1; i <= 10; i++) log.append(anEvent());
  rmSync(folder.file());
  log.append(anEvent({ object: "/after" }));
  expect(folder.records()).toMatchObject([
    { seq: 11, event: { operation: "resumed", chain: { why: "missing" } } },
    { seq: 12, event: { object: "/after" } },
  ]);
  expect(found().findings).toEqual([
    expect.stringMatching(/^1 resumed: .*removed or replaced$/),
    "1 missing: records 1 to 10 are missing at the beginning, and no record says that they " +
      "were removed",
  ]);
  renameSync(folder.file(), folder.file("elsewhere"));
  writeFileSync(folder.file(), "mine\n", { mode: PRIVATE_FILE });
  appendOne();
  expect(folder.records()[0]).toMatchObject({ seq: 13, event: { chain: { why: "missing" } } });
});

test("without the head the end is found by looking", () => {
  ten();
  rmSync(folder.file("events.head"));
  appendOne();
  expect(verify(folder.path)).toMatchObject({ state: "whole", records: 11 });
  writeFileSync(folder.file("events.head"), "12 nonsense");
  appendOne();
  expect(verify(folder.path)).toMatchObject({ state: "whole", records: 12 });
});

test("an exchanged head is no lock of the writers: the one in the folder is taken", () => {
  const log = openEventLog(folder.path);
  log.append(anEvent());
  rmSync(folder.file("events.head"));
  appendOne();
  const held = open(folder.file("events.head"), O_RDWR);
  syscall("flock", held, LOCK_EX);
  log.append(anEvent());
  expect(log.problem).toMatch(/EAGAIN/);
  close(held);
  expect(log.close()).toBe(0);
  expect(verify(folder.path)).toMatchObject({ state: "whole", records: 3 });
});

test("lines that are no records are one finding; many breaks are counted", () => {
  ten();
  appendFileSync(folder.file(), "x\n".repeat(300));
  expect(verify(folder.path).findings).toMatchObject([
    { line: 11, to: 310, text: "these 300 lines are not records" },
  ]);
  rmSync(folder.path, { recursive: true });
  const log = openEventLog(folder.path);
  log.appendAll(Array.from({ length: 150 }, () => anEvent()));
  edit((lines) => lines.map((line) => line.replace("/etc/shadow", "/etc/passwd")));
  const { findings, more } = verify(folder.path);
  expect([findings.length, more]).toEqual([100, 50]);
});

test("the folder holds no other files than it should", () => {
  ten();
  expect(readdirSync(folder.path).sort()).toEqual(["events.head", "events.jsonl"]);
});
