import { type ChildProcess, spawn } from "node:child_process";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { MODE_BITS, PUBLIC_FILE } from "../../src/base/modes.ts";
import { scratchFolder } from "../support/scratch.ts";
import { type Built, buildAll } from "./build.ts";
import { runScene, type SceneOptions } from "./scene.ts";

/** Tries in all, spread over the races below. */
const TRIES = Number(process.env.COFFERDAM_RACES ?? 20_000);
const TIMEOUT_MS = 120_000;

let built: Built;
let race: string;
let tree: string;
let flipper: ChildProcess | null = null;
beforeAll(async () => {
  built = await buildAll();
  race = built.compile("race");
});
afterAll(() => built.remove());
beforeEach(() => {
  tree = scratchFolder("tree");
  for (const name of ["open", "open/in", "shut"]) mkdirSync(join(tree, name));
  writeFileSync(join(tree, "open/in/file"), "mine");
  writeFileSync(join(tree, "open/file"), "mine");
  writeFileSync(join(tree, "shut/file"), "secret");
});
afterEach(() => {
  flipper?.kill("SIGKILL");
  flipper = null;
  rmSync(tree, { recursive: true, force: true });
});

interface Tally {
  readonly granted: number;
  readonly refused: number;
  readonly escaped: number;
}

function run(
  share: number,
  mode: string,
  options: Partial<SceneOptions> = {},
  ...more: string[]
): Tally {
  const tries = Math.ceil(TRIES * share);
  const rules = [`rwcda ${tree}/open/*`, `rwcda ${tree}/open/in/*`];
  const done = runScene(
    built,
    { rules, ...options, timeoutMs: TIMEOUT_MS },
    [race, mode, String(tries), ...more],
    tree,
  );
  expect(done.stderr).toBe("");
  const numbers = /^tries (\d+) granted (\d+) refused (\d+) other \d+ escaped (\d+)$/
    .exec(done.lines[0] ?? "")
    ?.map(Number);
  expect(numbers?.[1]).toBe(tries);
  const tally = {
    granted: numbers?.[2] ?? 0,
    refused: numbers?.[3] ?? 0,
    escaped: numbers?.[4] ?? 1,
  };
  // Both outcomes were seen often: else nothing was raced at all.
  expect(tally.granted).toBeGreaterThan(tries / 1000);
  expect(tally.refused).toBeGreaterThan(tries / 1000);
  expect(done.events.length).toBeGreaterThan(0);
  return tally;
}

function untouched(): void {
  expect(readdirSync(join(tree, "shut"))).toEqual(["file"]);
  const { mode, nlink } = statSync(join(tree, "shut/file"));
  expect(mode & MODE_BITS).toBe(PUBLIC_FILE);
  expect(nlink).toBe(1);
  expect(readFileSync(join(tree, "shut/file"), "utf8")).toBe("secret");
}

test("a path that another thread rewrites never reaches the other name", {
  timeout: TIMEOUT_MS,
}, () => {
  run(0.4, "path");
  untouched();
});

test("a directory that is exchanged for a link never leads to the other directory", {
  timeout: TIMEOUT_MS,
}, () => {
  symlinkSync("in", join(tree, "open/way"));
  symlinkSync("../shut", join(tree, "open/yaw"));
  flipper = spawn(race, ["flip", join(tree, "open/way"), join(tree, "open/yaw")], {
    stdio: "ignore",
  });
  run(0.2, "directory");
  untouched();
});

test("a file that is exchanged for a link never stands for the other file", {
  timeout: TIMEOUT_MS,
}, () => {
  symlinkSync("../shut/file", join(tree, "open/link"));
  flipper = spawn(race, ["flip", join(tree, "open/file"), join(tree, "open/link")], {
    stdio: "ignore",
  });
  run(0.2, "last");
  untouched();
});

test("an address that another thread rewrites is never connected", { timeout: TIMEOUT_MS }, () => {
  const source = { file: "scene", line: 1, column: 1, text: "connect udp 9" };
  const addresses = [
    {
      effect: "allow",
      operation: "connect",
      protocol: "udp",
      network: null,
      ports: { first: 9, last: 9 },
      source,
    },
  ] as const;
  const sockets = { inet: "broker", unix: "broker" } as const;
  const { escaped } = run(
    0.2,
    "port",
    { notify: ["connect"], sockets, policy: { addresses } },
    "9",
    "10",
  );
  expect(escaped).toBe(0);
});
