import { spawnSync } from "node:child_process";
import * as path from "node:path";
import { expect, test } from "vitest";
import { AT_FDCWD, EBADF, ENOENT, O_CLOEXEC } from "../../src/kernel/constants.ts";
import { cString } from "../../src/kernel/ffi.ts";
import {
  argumentKinds,
  ChildProgram,
  childHead,
  childStep,
  resultOf,
  stepKinds,
} from "../../src/kernel/probe/child.ts";
import { root } from "../house/tree.ts";
import { type Claim, compareWithC, layoutClaims } from "./c-check.ts";

test("a program lies in memory as feature-probe reads it", () => {
  const named = (prefix: string, names: readonly string[]) =>
    names.map((name, index): Claim => [`${prefix}_${name.toUpperCase()}`, BigInt(index)]);
  const layouts = [childHead, childStep].flatMap(layoutClaims);
  const { said, claimed } = compareWithC(
    [...layouts, ...named("STEP", stepKinds), ...named("ARGUMENT", argumentKinds)],
    path.join(root, "native/feature-probe/program.h"),
  );
  expect(said).toEqual(claimed);
});

test("a child makes calls with buffers, offsets and results of earlier calls", () => {
  const told = new ChildProgram()
    .buffer("folder", cString("/proc"))
    .buffer("name", cString("self"))
    .buffer("missing", cString("/nowhere/at/all"))
    .call("folder", "openat", AT_FDCWD, "folder", O_CLOEXEC)
    .call("inside", "readlinkat", { resultOf: "folder" }, "name", "missing", 8)
    .call("missing", "openat", AT_FDCWD, "missing", O_CLOEXEC)
    .call("bad", "close", -1)
    .run();
  expect(resultOf(told, "folder")).toBe(3);
  expect(resultOf(told, "inside")).toBeGreaterThan(0);
  // readlinkat(2) has overwritten the beginning of that buffer.
  expect(resultOf(told, "missing")).toBe(-ENOENT);
  expect(resultOf(told, "bad")).toBe(-EBADF);
});

test("a thread's call is begun, and its result is waited for", () => {
  const told = new ChildProgram().start("getppid").join("parent").run();
  expect(resultOf(told, "parent")).toBe(process.pid);
});

test("after a needed call that failed nothing is done", () => {
  const told = new ChildProgram()
    .call("bad", "close", -1)
    .need("bad")
    .call("stdin", "close", 0)
    .start("getppid")
    .join("parent")
    .run();
  expect([...told.values()]).toEqual([...told.keys()].map(() => -EBADF));
  expect(resultOf(told, "parent")).toBe(-EBADF);
});

test("bytes are stored, copied and pointed to where they are said to be", () => {
  const iovec = Buffer.alloc(16);
  iovec.writeBigUInt64LE(4n, 8);
  const told = new ChildProgram()
    .buffer("other", Buffer.alloc(4))
    .buffer("text", cString("abcdefgh"))
    .buffer("iovec", iovec)
    .call("memory", "memfd_create", "text", 0)
    .copy("text", 2, "other", 4)
    .point("iovec", 0, "other")
    .call("written", "pwritev", { resultOf: "memory" }, "iovec", 1, 0, 0)
    .store("written", "text", 4)
    .call("sized", "pwrite64", { resultOf: "memory" }, "text", 8, 0)
    .call("size", "lseek", { resultOf: "memory" }, 0, 2)
    .run();
  expect(resultOf(told, "written")).toBe(4);
  expect(resultOf(told, "size")).toBe(8);
});

test.each([
  ["nothing", Buffer.alloc(0), "cut off"],
  ["half a program", childHead.encode({ memory: 4n, steps: 1n }), "cut off"],
  ["more than it holds", childHead.encode({ memory: 1n << 40n, steps: 1n }), "too long"],
  ["a step of no kind", oneStep({ kind: stepKinds.length }), "no known kind"],
  ["a later result", oneStep({ "argument_kinds[0]": 2, "arguments[0]": 0n }), "later one's"],
  ["no thread's end", oneStep({ kind: stepKinds.indexOf("join") }), "no thread"],
])("given %s, it says what is wrong and does nothing", (_, input, said) => {
  const { status, stderr } = spawnSync(path.join(root, "dist/feature-probe"), { input });
  expect(stderr.toString()).toContain(said);
  expect(status).toBe(1);
});

function oneStep(fields: Parameters<typeof childStep.encode>[0]): Buffer {
  return Buffer.concat([childHead.encode({ memory: 0n, steps: 1n }), childStep.encode(fields)]);
}
