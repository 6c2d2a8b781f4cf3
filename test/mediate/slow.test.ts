import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SLOW_CALL_MS_MAX } from "../../src/mediate/limits.ts";
import { scratchFolder } from "../support/scratch.ts";
import { needsRoot } from "../support/skip.ts";
import { type Built, buildAll } from "./build.ts";
import { type Run, runScene } from "./scene.ts";

const TIMEOUT_MS = 60_000;

let built: Built;
let tree: string;
beforeAll(async () => {
  built = await buildAll();
  tree = scratchFolder("tree");
  for (const name of ["slow", "open", "shut"]) mkdirSync(join(tree, name));
});
afterAll(() => {
  built.remove();
  rmSync(tree, { recursive: true });
});

/** With a file system on slow/ that a process serves. */
function run(script: string, ...more: string[]): Run {
  const rules = [`rwcda ${tree}/slow/dir/*`, `rwcda ${tree}/slow/hang`, `rwcda ${tree}/open/*`];
  const inside = [built.compile("fuse"), join(tree, "slow")];
  const program = [built.target, ...script.split(" "), ...more];
  const done = runScene(built, { rules, inside, timeoutMs: TIMEOUT_MS }, program, tree);
  expect(done.stderr).toBe("");
  return done;
}

test("names on a file system that a process serves are brokered too", {
  timeout: TIMEOUT_MS,
}, (context) => {
  needsRoot(context);
  const done = run(
    "mkdir slow/dir/a 0755 ; chmod slow/dir/a 0700 ; mkdir slow/b 0755 ; mkdir open/a 0755 ; " +
      "rmdir slow/dir/a ; rmdir open/a ; openat @AT_FDCWD slow/dir @O_DIRECTORY ; " +
      "mkdirat $ c 0755 ; fchmod 3 0777",
  );
  expect(done.lines.map((line) => line.replace(/fd .*/, "fd"))).toEqual([
    "mkdir: 0 -",
    "chmod: 0 -",
    "mkdir: -1 EACCES",
    "mkdir: 0 -",
    "rmdir: 0 -",
    "rmdir: 0 -",
    "openat: fd",
    "mkdirat: 0 -",
    "fchmod: -1 EACCES",
  ]);
  expect(done.events.map((event) => event.object)).toEqual([`${tree}/slow/b`, `${tree}/slow/dir`]);
});

test("a flood of refusals there is one line and a count", { timeout: TIMEOUT_MS }, (context) => {
  needsRoot(context);
  const done = run(Array.from({ length: 200 }, () => "mkdir slow/b 0755").join(" ; "));
  expect(done.lines).toHaveLength(200);
  expect(done.events.length).toBeLessThanOrEqual(3);
  expect(new Set(done.events.map(({ object }) => object))).toEqual(new Set([`${tree}/slow/b`]));
  expect(done.events.reduce((sum, { count }) => sum + count, 0)).toBe(200);
});

test("a file system that never answers costs its caller EIO, and others nothing", {
  timeout: TIMEOUT_MS,
}, (context) => {
  needsRoot(context);
  const began = Date.now();
  const done = run(
    "mkdir slow/hang 0755 ; mkdir slow/dir/later 0755 ; mkdir open/later 0755 ; rmdir open/later",
  );
  expect(Date.now() - began).toBeGreaterThanOrEqual(SLOW_CALL_MS_MAX);
  expect(done.lines).toEqual(["mkdir: -1 EIO", "mkdir: 0 -", "mkdir: 0 -", "rmdir: 0 -"]);
  expect(done.events.at(-1)?.object).toContain("no answer of a slow file system");
});
