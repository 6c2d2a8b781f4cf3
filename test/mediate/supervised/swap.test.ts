import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { scratchFolder } from "../../support/scratch.ts";
import { type Built, buildAll } from "../build.ts";
import { runScene } from "../scene.ts";
import { toStart } from "./rules.ts";

/** Tries in all, spread over the races below. */
const TRIES = Number(process.env.COFFERDAM_RACES ?? 20_000);
const TIMEOUT_MS = 240_000;

let built: Built;
let swap: string;
let race: string;
let tree: string;
beforeAll(async () => {
  built = await buildAll();
  swap = built.compile("supervised/swap");
  race = built.compile("race");
});
afterAll(() => built.remove());
beforeEach(() => {
  tree = scratchFolder("tree");
  for (const name of ["open", "open/in", "shut"]) mkdirSync(join(tree, name));
  for (const name of ["open/aaaa", "open/in/aaaa"]) writeFileSync(join(tree, name), "mine");
  writeFileSync(join(tree, "shut/aaaa"), "secret");
});
afterEach(() => rmSync(tree, { recursive: true, force: true }));

function escapes(mode: string, share: number, rules: readonly string[]): number {
  const tries = Math.ceil(TRIES * share);
  const all = [...toStart(built), `rx ${swap}`, ...rules];
  const done = runScene(
    built,
    { supervised: "enforcing", rules: all, timeoutMs: TIMEOUT_MS },
    [swap, mode, String(tries)],
    tree,
  );
  expect(done.stderr).toBe("");
  const found = /^tries (\d+) granted (\d+) refused (\d+) escaped (\d+)$/
    .exec(done.lines[0] ?? "")
    ?.map(Number);
  expect(found?.[1]).toBe(tries);
  // Both outcomes were seen often: else nothing was raced at all.
  expect(found?.[2]).toBeGreaterThan(tries / 1000);
  expect(found?.[3]).toBeGreaterThan(tries / 1000);
  expect(done.events.length).toBeGreaterThan(0);
  return found?.[4] ?? -1;
}

test("open: a path that another thread rewrites", { timeout: TIMEOUT_MS }, () => {
  expect(escapes("open", 0.3, [`r ${tree}/open/*`])).toBe(0);
});

test("open: a directory that is exchanged for a link", { timeout: TIMEOUT_MS }, () => {
  symlinkSync("in", join(tree, "open/way"));
  symlinkSync("../shut", join(tree, "open/yaw"));
  const flipper = spawn(race, ["flip", join(tree, "open/way"), join(tree, "open/yaw")], {
    stdio: "ignore",
  });
  try {
    expect(escapes("link", 0.2, [`r ${tree}/open/in/*`])).toBe(0);
  } finally {
    flipper.kill("SIGKILL");
  }
});

test("rename: a path that another thread rewrites", { timeout: TIMEOUT_MS }, () => {
  expect(escapes("rename", 0.2, [`rwcd ${tree}/open/*`])).toBe(0);
  expect(readdirSync(join(tree, "shut"))).toEqual(["aaaa"]);
});

test("connect: an address that another thread rewrites", { timeout: TIMEOUT_MS }, () => {
  const rules = [
    `listen ${tree}/open/sock`,
    `listen ${tree}/shut/sock`,
    `connect ${tree}/open/sock`,
  ];
  expect(escapes("connect", 0.3, rules)).toBe(0);
});
