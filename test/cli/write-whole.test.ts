import {
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  PERMISSION_BITS,
  PRIVATE_FILE,
  PRIVATE_FOLDER,
  PUBLIC_FILE,
  SHARED_FOLDER,
} from "../../src/base/modes.ts";
import { CommandError } from "../../src/cli/command.ts";
import { makeFolder, modesFor, writeWhole } from "../../src/host/write-whole.ts";
import { scratchFolder } from "../support/scratch.ts";

let folder = "";
const bytes = Uint8Array.of(1, 2, 3);

beforeEach(() => {
  folder = scratchFolder("write");
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

test("makes the folder and the file with their modes, whatever the umask", () => {
  const before = process.umask(0o077);
  try {
    writeWhole(join(folder, "plans", "a.plan"), bytes, modesFor(0));
  } finally {
    process.umask(before);
  }
  expect(statSync(join(folder, "plans", "a.plan")).mode & PERMISSION_BITS).toBe(PUBLIC_FILE);
  writeWhole(join(folder, "mine", "a.plan"), bytes, modesFor(1000));
  expect(statSync(join(folder, "mine")).mode & PERMISSION_BITS).toBe(PRIVATE_FOLDER);
  expect(statSync(join(folder, "mine", "a.plan")).mode & PERMISSION_BITS).toBe(PRIVATE_FILE);
});

test("replaces what was there by a new file and leaves no scratch file", () => {
  const path = join(folder, "a.plan");
  writeWhole(path, bytes, modesFor(0));
  const before = statSync(path).ino;
  writeWhole(path, Uint8Array.of(9), modesFor(0));
  expect([...readFileSync(path)]).toEqual([9]);
  expect(statSync(path).ino).not.toBe(before);
  expect(readdirSync(folder)).toEqual(["a.plan"]);
});

test("a link in its place is replaced, not followed", () => {
  writeFileSync(join(folder, "victim"), "kept");
  symlinkSync(join(folder, "victim"), join(folder, "a.plan"));
  writeWhole(join(folder, "a.plan"), bytes, modesFor(0));
  expect(readFileSync(join(folder, "victim"), "utf8")).toBe("kept");
});

test("a folder that others may write is refused, and nothing is written", () => {
  const open = join(folder, "open");
  mkdirSync(open);
  chmodSync(open, SHARED_FOLDER);
  expect(() => writeWhole(join(open, "a.plan"), bytes, modesFor(0))).toThrow(CommandError);
  expect(readdirSync(open)).toEqual([]);
});

test("a failure leaves no scratch file", () => {
  mkdirSync(join(folder, "a.plan"));
  expect(() => writeWhole(join(folder, "a.plan"), bytes, modesFor(0))).toThrow(
    /EISDIR|ENOTEMPTY|EEXIST/,
  );
  expect(readdirSync(folder)).toEqual(["a.plan"]);
});

test("a place that cannot be written is said with what to do, and no scratch file is left", () => {
  writeFileSync(join(folder, "file"), "");
  mkdirSync(join(folder, "taken.plan"));
  for (const path of [join(folder, "file", "a.plan"), join(folder, "taken.plan")]) {
    expect(() => writeWhole(path, bytes, modesFor(0))).toThrow(CommandError);
    expect(() => writeWhole(path, bytes, modesFor(0))).toThrow(/cannot be written: E/);
  }
  expect(readdirSync(folder).sort()).toEqual(["file", "taken.plan"]);
});

test("below a folder that is gone and still has a name nothing is made, and nobody waits", () => {
  const gone = join(folder, "gone");
  mkdirSync(gone);
  const fd = openSync(gone, "r");
  try {
    rmdirSync(gone);
    expect(() => makeFolder(`/proc/self/fd/${fd}/a/b`, modesFor(0))).toThrow(
      /a\/b cannot be written: ENOENT/,
    );
  } finally {
    closeSync(fd);
  }
});
