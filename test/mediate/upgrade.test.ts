import type { ChildProcess } from "node:child_process";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { Keeper } from "../../src/agent/keeper.ts";
import { lockOf } from "../../src/mediate/shared/place.ts";
import { scratchFolder } from "../support/scratch.ts";
import { needsRoot } from "../support/skip.ts";
import { type Built, buildAll } from "./build.ts";
import {
  activeOf,
  endAll,
  endMediators,
  mediatorsOf,
  socketThere,
  standByOf,
  startMediator,
} from "./mediators.ts";
import { startScene } from "./scene.ts";

const TIMEOUT_MS = 240_000;
const WAIT_MS = 60_000;
const PROTOCOL = /cofferdam-stand-by-\d+/g;

let built: Built;
let innocent: string;
let tree: string;
let socket: string;
let program: string;
let running: ChildProcess[] = [];
let keepers: Keeper[] = [];
beforeAll(async () => {
  built = await buildAll();
  innocent = built.compile("innocent");
});
afterAll(() => built.remove());

beforeEach((context) => {
  needsRoot(context);
  tree = scratchFolder("tree");
  for (const name of ["open", "run"]) mkdirSync(join(tree, name));
  socket = join(tree, "run/mediator.sock");
  program = join(built.directory, "installed.mjs");
  install((text) => text);
});
afterEach(async () => {
  for (const keeper of keepers) keeper.stop();
  keepers = [];
  for (const child of running) child.kill("SIGKILL");
  running = [];
  endAll(innocent);
  await endMediators(socket);
  rmSync(tree, { recursive: true });
});

/** Puts another version where mediators find their program, as an upgrade does. */
function install(change: (text: string) => string): void {
  writeFileSync(`${program}.new`, change(readFileSync(built.mediator, "utf8")));
  renameSync(`${program}.new`, program);
}

function domain(count: number, name: string) {
  const rules = [`rwcda ${tree}/open/*`];
  const line = [innocent, `${count}`, join(tree, "open", name)];
  const run = startScene(built, { rules, joins: socket }, line, tree);
  running.push(run.process);
  return run;
}

/** What a domain of few rounds wrote. The message says which one did not end. */
async function linesOf(name: string): Promise<readonly string[]> {
  const { process, done } = domain(10, name);
  const message = `domain ${name} ends`;
  await expect.poll(() => process.exitCode, { timeout: WAIT_MS, message }).not.toBeNull();
  return (await done).lines;
}

/** A stand-by that has been passed a domain; null while there is none. */
function readyStandBy(): number | null {
  const found = standByOf(socket);
  return found !== null && descriptorsOf(found).some((link) => link.includes("seccomp"))
    ? found
    : null;
}

function descriptorsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  } catch {
    return [];
  }
}

/** By an agent, and not by the active mediator as its stand-by. */
function isStarted(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0")[2] === "shared";
  } catch {
    return false;
  }
}

const ready = () => expect.poll(readyStandBy, { timeout: WAIT_MS }).not.toBeNull();

test("a stand-by of another version does nothing, and one of this version takes its place", {
  timeout: TIMEOUT_MS,
}, async () => {
  await startMediator(program, socket);
  let seen = 0;
  install((text) =>
    text.replace(PROTOCOL, () => {
      seen += 1;
      return "cofferdam-stand-by-0";
    }),
  );
  expect(seen).toBe(1);
  domain(1_000_000, "first");
  await expect.poll(() => standByOf(socket), { timeout: WAIT_MS }).not.toBeNull();
  const strange = standByOf(socket);
  // The active one ends it, and serves on.
  await expect.poll(() => standByOf(socket) === strange, { timeout: WAIT_MS }).toBe(false);
  expect(await linesOf("second")).toHaveLength(1);
  install((text) => text);
  await ready();
  const before = activeOf(socket);
  process.kill(before, "SIGKILL");
  await expect.poll(() => activeOf(socket), { timeout: WAIT_MS }).not.toBe(before);
  expect(await linesOf("third")).toHaveLength(1);
});

test("an agent that comes while there is a stand-by adopts the active one, and the next", {
  timeout: TIMEOUT_MS,
}, async () => {
  const kept = { program: process.execPath, arguments: [program, "shared", socket] };
  const keeper = (): Keeper => {
    const one = new Keeper(kept, lockOf(socket), () => undefined);
    keepers.push(one);
    one.start();
    return one;
  };
  const first = keeper();
  await socketThere(socket);
  domain(1_000_000, "first");
  await ready();
  first.stop();
  const second = keeper();
  const before = activeOf(socket);
  expect(second.state).toEqual({ state: "running", pid: before, restarts: 0 });
  process.kill(before, "SIGKILL");
  await expect.poll(() => activeOf(socket), { timeout: WAIT_MS }).not.toBe(before);
  const isKnown = () => second.state.pid === activeOf(socket);
  await expect.poll(isKnown, { timeout: WAIT_MS }).toBe(true);
  // Where the agent looked while the lock was free, it started one. It ends at once, unless it was
  // faster than the stand-by.
  expect(second.state.restarts).toBeLessThanOrEqual(1);
  const beside = () =>
    mediatorsOf(socket)
      .filter((pid) => pid !== before && pid !== activeOf(socket))
      .filter(isStarted);
  await expect.poll(beside).toEqual([]);
  expect(await linesOf("second")).toHaveLength(1);
});
