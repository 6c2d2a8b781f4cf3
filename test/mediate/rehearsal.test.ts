import {
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { close } from "../../src/kernel/ffi.ts";
import { ProcessState } from "../../src/mediate/domain/process-state.ts";
import { CALLS_REHEARSED } from "../../src/mediate/limits.ts";
import { Rehearsal } from "../../src/mediate/shared/rehearsal.ts";
import { encodePlan } from "../../src/plan/encode.ts";
import { scratchFolder } from "../support/scratch.ts";
import { needsRoot } from "../support/skip.ts";
import { scenePlan } from "./scene.ts";

const NAME = "/run/cofferdam-rehearsal";

let folder: string;
beforeEach((context) => {
  needsRoot(context);
  folder = scratchFolder("rehearsal");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const status = () =>
  readFileSync("/proc/thread-self/status", "latin1")
    .split("\n")
    .filter((line) => /^(Uid|Gid|Groups|Cap|Umask)/.test(line));
const descriptors = () => readdirSync("/proc/self/fd").length;

test.each([
  ["sealed", undefined],
  ["supervised, enforcing", "enforcing"],
  ["supervised, warning", "warning"],
] as const)("what is judged for practice is not done, though it is granted: %s", (_mode, level) => {
  const log = join(folder, "log");
  const rules = ["rwcda /**"];
  const plan = scenePlan(level === undefined ? { rules } : { rules, supervised: level }, log);
  writeFileSync(join(folder, "plan"), encodePlan(plan));
  const fd = openSync(join(folder, "plan"), "r");
  const state = new ProcessState(false, folder, true);
  const before = status();
  // At level warning a call ends before that by itself.
  const most = level === "warning" ? 0 : CALLS_REHEARSED / 2;
  const rehearse = (): number => {
    const rehearsal = new Rehearsal(fd, state);
    while (!rehearsal.isOver) rehearsal.some();
    return rehearsal.leftOut;
  };
  // mkdir would make it, and rmdir remove it.
  expect(rehearse()).toBe(most);
  expect(existsSync(NAME)).toBe(false);
  mkdirSync(NAME);
  try {
    const open = descriptors();
    expect(rehearse()).toBe(most);
    expect(existsSync(NAME)).toBe(true);
    expect(descriptors()).toBe(open);
  } finally {
    rmSync(NAME, { recursive: true });
    close(fd);
  }
  expect(status()).toEqual(before);
  expect(existsSync(log), "nobody is told").toBe(false);
});
