import { spawn } from "node:child_process";
import { readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { PERMISSION_BITS, PRIVATE_FILE } from "../../src/base/modes.ts";
import { appendEvent, appendLine, openLog } from "../../src/events/plain-lines.ts";
import {
  AT_FDCWD,
  O_CLOEXEC,
  O_NONBLOCK,
  O_RDWR,
  O_WRONLY,
  S_IFIFO,
} from "../../src/kernel/constants.ts";
import { close, cString, open, syscall } from "../../src/kernel/ffi.ts";
import { scratchFolder } from "../support/scratch.ts";
import { anEvent } from "./an-event.ts";

let folder: string;
beforeEach(() => {
  folder = scratchFolder("log");
});
afterEach(() => rmSync(folder, { recursive: true }));

test("events are appended as JSON lines to a file that only its owner reads", () => {
  const path = join(folder, "events.jsonl");
  for (const object of ["/a", "/b\n"]) {
    const fd = openLog(path);
    appendEvent(fd, anEvent({ object }));
    close(fd);
  }
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    anEvent({ object: "/a" }),
    anEvent({ object: "/b\n" }),
  ]);
  expect(statSync(path).mode & PERMISSION_BITS).toBe(PRIVATE_FILE);
});

test("a log that is a symbolic link is refused", () => {
  symlinkSync("/dev/null", join(folder, "events.jsonl"));
  expect(() => openLog(join(folder, "events.jsonl"))).toThrow(
    expect.objectContaining({ code: "ELOOP" }),
  );
});

test("a full disk is an error, not a lost event", () => {
  const fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
  expect(() => appendEvent(fd, anEvent())).toThrow(expect.objectContaining({ code: "ENOSPC" }));
  close(fd);
});

test("a line that a full pipe takes in pieces arrives whole", async () => {
  const fifo = join(folder, "fifo");
  syscall("mknodat", AT_FDCWD, cString(fifo), S_IFIFO | PRIVATE_FILE, 0);
  const line = "x".repeat(3 * PIPE_BYTES);
  const reader = spawn("sh", ["-c", `sleep 0.1; cat ${fifo}`], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const text = new Promise<string>((resolve) => {
    let all = "";
    reader.stdout.on("data", (chunk) => {
      all += chunk;
    });
    reader.stdout.once("end", () => resolve(all));
  });
  const fd = open(fifo, O_RDWR | O_NONBLOCK | O_CLOEXEC);
  appendLine(fd, line);
  const done = new Promise((resolve) => reader.once("close", resolve));
  close(fd);
  expect(await text).toBe(`${line}\n`);
  await done;
});

/** What a pipe holds, bytes (pipe(7)). */
const PIPE_BYTES = 65_536;
