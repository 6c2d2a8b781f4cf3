import {
  chmodSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CommandError } from "../../src/cli/command.ts";
import { makeFolder, modesFor, writeWhole } from "../../src/host/write-whole.ts";

let folder = "";
const bytes = Uint8Array.of(1, 2, 3);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cofferdam-write-"));
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
  expect(statSync(join(folder, "plans", "a.plan")).mode & 0o777).toBe(0o644);
  writeWhole(join(folder, "mine", "a.plan"), bytes, modesFor(1000));
  expect(statSync(join(folder, "mine")).mode & 0o777).toBe(0o700);
  expect(statSync(join(folder, "mine", "a.plan")).mode & 0o777).toBe(0o600);
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
  chmodSync(open, 0o777);
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
