import type { ChildProcess } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { DESCRIPTOR_TABLE_MAX } from "../../src/mediate/limits.ts";
import { needsRoot } from "../support/skip.ts";
import { type Built, buildAll } from "./build.ts";
import {
  activeOf,
  endAll,
  endMediators,
  folderInMemory,
  mediatorsOf,
  precedenceOf,
  spawnMediator,
  standByKnowsAll,
  standByOf,
  startMediator,
  stateOf,
} from "./mediators.ts";
import { startScene } from "./scene.ts";

const TIMEOUT_MS = 120_000;
const STAND_BY_MS = 30_000;
/** Domains that a mediator serves at a time. */
const MANY = 200;

let built: Built;
/** Makes a directory, waits for a line, removes it. */
let innocent: string;
let tree: string;
let socket: string;
let running: ChildProcess[] = [];
beforeAll(async () => {
  built = await buildAll();
  innocent = built.compile("innocent");
});
afterAll(() => built.remove());

beforeEach(async (context) => {
  needsRoot(context);
  tree = folderInMemory();
  for (const name of ["open", "run"]) mkdirSync(join(tree, name));
  writeFileSync(join(tree, "open/file"), "");
  socket = join(tree, "run/mediator.sock");
  await startMediator(built.mediator, socket);
});
afterEach(async () => {
  for (const child of running) child.kill("SIGKILL");
  running = [];
  endAll(innocent);
  await endMediators(socket);
  rmSync(tree, { recursive: true });
});

function start(): ChildProcess {
  return spawnMediator(built.mediator, socket);
}

function domain(program: readonly string[], name = "scene") {
  const rules = [`rwcda ${tree}/open/*`];
  const plan = () => ({ domain: name });
  const run = startScene(built, { rules, joins: socket, plan }, program, tree);
  running.push(run.process);
  return run;
}

/** Of the active mediator, once it is there. */
async function standBy(): Promise<number> {
  const found = () => standByOf(socket) ?? 0;
  await expect.poll(found, { timeout: STAND_BY_MS }).toBeGreaterThan(0);
  return found();
}

async function ended(pid: number): Promise<void> {
  while (stateOf(pid) !== "Z") await sleep(5);
}

/** A domain that is served until the promise it gives is asked for. */
function sleeper(name: string) {
  return domain([innocent, "1", join(tree, "open", name), "1000000"], name);
}

test("a stand-by that is killed is replaced unnoticed", {
  timeout: TIMEOUT_MS,
}, async () => {
  const calls = domain([innocent, "4000", join(tree, "open/a")]);
  const first = await standBy();
  process.kill(first, "SIGKILL");
  await ended(first);
  expect(await standBy()).not.toBe(first);
  const { stderr, lines } = await calls.done;
  expect([stderr, lines.length]).toEqual(["", 1]);
});

test("when the active one is killed its stand-by serves on, without the holder", {
  timeout: TIMEOUT_MS,
}, async () => {
  const resting = sleeper("resting");
  const active = activeOf(socket);
  const next = await standByKnowsAll(socket);
  process.kill(active, "SIGKILL");
  await expect.poll(() => activeOf(socket), { timeout: STAND_BY_MS }).toBe(next);
  // One that was there goes on; one that comes is served by the new one.
  const { lines } = await domain([innocent, "10", join(tree, "open/b")]).done;
  expect(lines.length).toBe(1);
  expect(resting.process.exitCode).toBeNull();
  expect(await standBy()).not.toBe(next);
});

test("a mediator that has taken over ends with its last domain, and its stand-by with it", {
  timeout: TIMEOUT_MS,
}, async () => {
  const last = sleeper("last");
  const active = activeOf(socket);
  const next = await standByKnowsAll(socket);
  process.kill(active, "SIGKILL");
  await expect.poll(() => activeOf(socket), { timeout: STAND_BY_MS }).toBe(next);
  await standBy();
  last.process.kill("SIGKILL");
  endAll(innocent);
  // Each might start another one when it takes over from one that has ended.
  let without = 0;
  while (without < 20) {
    without = mediatorsOf(socket).every((pid) => stateOf(pid) === "Z") ? without + 1 : 0;
    await sleep(50);
  }
});

test("both get a processor before others, also where the kernel shares it among sessions", {
  timeout: TIMEOUT_MS,
}, async () => {
  sleeper("resting");
  const { session } = precedenceOf(process.pid);
  const ahead = { own: -10, session: session === null ? null : -10 };
  expect(precedenceOf(activeOf(socket))).toEqual(ahead);
  const next = await standBy();
  await expect.poll(() => precedenceOf(next)).toEqual(ahead);
});

test("both have room for all descriptors from the start: to make more keeps domains waiting", {
  timeout: TIMEOUT_MS,
}, async () => {
  sleeper("resting");
  for (const pid of [activeOf(socket), await standBy()]) {
    const limit = valueIn(`/proc/${pid}/limits`, /^Max open files +(\d+)/m);
    await expect
      .poll(() => valueIn(`/proc/${pid}/status`, /^FDSize:\t(\d+)$/m))
      .toBeGreaterThanOrEqual(Math.min(limit, DESCRIPTOR_TABLE_MAX));
  }
});

function valueIn(file: string, pattern: RegExp): number {
  return Number(pattern.exec(readFileSync(file, "latin1"))?.[1]);
}

test("when both are killed at once another mediator can be started", {
  timeout: TIMEOUT_MS,
}, async () => {
  sleeper("resting");
  const both = [activeOf(socket), await standBy()];
  for (const pid of both) process.kill(pid, "SIGKILL");
  for (const pid of both) await ended(pid);
  start();
  await expect.poll(() => both.includes(activeOf(socket)), { timeout: STAND_BY_MS }).toBe(false);
  const { lines } = await domain([innocent, "10", join(tree, "open/b")]).done;
  expect(lines.length).toBe(1);
});

test("a second mediator that is started beside one, of a newer version say, leaves that alone", {
  timeout: TIMEOUT_MS,
}, async () => {
  sleeper("resting");
  const active = activeOf(socket);
  const next = await standBy();
  const second = start();
  await new Promise((resolve) => second.on("exit", resolve));
  expect(second.exitCode).toBe(0);
  expect(activeOf(socket)).toBe(active);
  process.kill(active, "SIGKILL");
  await expect.poll(() => activeOf(socket), { timeout: STAND_BY_MS }).toBe(next);
  const third = start();
  await new Promise((resolve) => third.on("exit", resolve));
  expect([third.exitCode, activeOf(socket)], "the lock went with it").toEqual([0, next]);
});

test(`${MANY} domains are served by the stand-by as by the one before`, {
  timeout: TIMEOUT_MS,
}, async () => {
  for (let index = 0; index < MANY; index++) sleeper(`many${index}`);
  const made = () => readdirSync(join(tree, "open")).filter((name) => name.startsWith("many"));
  await expect.poll(() => made().length, { timeout: TIMEOUT_MS }).toBe(MANY);
  const active = activeOf(socket);
  const next = await standByKnowsAll(socket);
  process.kill(active, "SIGKILL");
  await expect.poll(() => activeOf(socket), { timeout: STAND_BY_MS }).toBe(next);
  const descriptors = () => readdirSync(`/proc/${next}/fd`).length;
  await expect.poll(descriptors).toBeGreaterThan(4 * MANY);
  const { lines } = await domain([innocent, "10", join(tree, "open/late")]).done;
  expect(lines.length).toBe(1);
});
