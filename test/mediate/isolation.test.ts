import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { needsRoot } from "../support/skip.ts";
import { type Built, buildAll } from "./build.ts";
import {
  activeOf,
  endAll,
  endMediators,
  folderInMemory,
  precedenceOf,
  retiredOf,
  socketThere,
  standByKnowsAll,
  stateOf,
} from "./mediators.ts";
import { type SceneOptions, startScene } from "./scene.ts";

const TIMEOUT_MS = 120_000;
/**
 * What an innocent call may take here, microseconds: the machine may be busy. The benchmark
 * `isolation` holds the real bound.
 */
const SLOWEST_US_MAX = 2_000_000;
const CALLS = 1_000;
/** LANDLOCK_ACCESS_FS_WRITE_FILE, LANDLOCK_ACCESS_FS_TRUNCATE. */
const WRITE_RIGHTS = (1n << 1n) | (1n << 14n);

let built: Built;
let programs: Record<"hostile" | "innocent" | "fuse", string>;
let tree: string;
let socket: string;
/** Starts what follows where the mediator is. */
let inside: readonly string[];
let running: ChildProcess[] = [];
beforeAll(async () => {
  built = await buildAll();
  programs = {
    hostile: built.compile("hostile", "-pthread"),
    innocent: built.compile("innocent"),
    fuse: built.compile("fuse"),
  };
});
afterAll(() => built.remove());

beforeEach(async (context) => {
  needsRoot(context);
  tree = folderInMemory();
  for (const name of ["open", "slow", "run"]) mkdirSync(join(tree, name));
  for (const name of ["mark", "mark2", "open/file"]) writeFileSync(join(tree, name), "");
  socket = join(tree, "run/mediator.sock");
  // In the namespace of the file system that hangs, so that it knows the names of every target.
  const line = [join(tree, "slow"), process.execPath, built.mediator, "shared", socket];
  const { pid } = spawn(programs.fuse, line, {
    stdio: ["ignore", "ignore", "inherit"],
    // The mediator that is started here may end before its successors.
    env: { PATH: "/usr/bin:/bin", FUSE_OUTLIVES: "1" },
  });
  inside = ["nsenter", "-t", `${pid}`, "-m", "--"];
  await socketThere(socket);
});
afterEach(async () => {
  for (const child of running) child.kill("SIGKILL");
  running = [];
  // What hangs in it ends with it.
  for (const program of Object.values(programs)) endAll(program);
  await endMediators(socket);
  rmSync(tree, { recursive: true });
});

function domain(program: readonly string[], more: Partial<SceneOptions> = {}) {
  const landlock = ["mark", "mark2"].map((name) => ({
    path: join(tree, name),
    rights: WRITE_RIGHTS,
  }));
  const rules = [`rwcda ${tree}/open/*`, "rwa /dev/shm/*"];
  const run = startScene(built, { rules, joins: socket, landlock, inside, ...more }, program, tree);
  running.push(run.process);
  return run;
}

function innocent() {
  return domain([programs.innocent, `${CALLS}`, join(tree, "open/innocent")]).done;
}

/** One that is there until `ends` is called, however long a stand-by takes to be up. */
function lastingInnocent() {
  const [name, until] = [join(tree, "open/beside"), join(tree, "open/enough")];
  const { done } = domain([programs.innocent, `${CALLS}`, name, "0", until]);
  return {
    ends: () => {
      writeFileSync(until, "");
      return done;
    },
  };
}

/** Runs until it waits. */
async function hostile(way: string, file: string, more: Partial<SceneOptions> = {}) {
  const mark = join(tree, "mark");
  const run = domain([programs.hostile, way, file, mark], more);
  await expect.poll(() => readFileSync(mark, "utf8"), { timeout: 60_000 }).toBe(".");
  return run;
}

/** What came of a run that has ended, else null. */
function soFar<T>({ done }: { done: Promise<T> }): Promise<T | null> {
  return Promise.race([done, Promise.resolve(null)]);
}

function slowest({ lines, stderr }: { lines: readonly string[]; stderr: string }): number {
  expect([stderr, lines]).toEqual(["", [expect.stringMatching(/^\d+$/)]]);
  return Number(lines[0]);
}

test("a page that its file's server never sends keeps no other domain waiting", {
  timeout: TIMEOUT_MS,
}, async () => {
  const first = lastingInnocent();
  await standByKnowsAll(socket);
  const before = activeOf(socket);
  const asks = await hostile("page", join(tree, "slow/page"));
  expect(slowest(await innocent()), "one that came later").toBeLessThan(SLOWEST_US_MAX);
  expect(await soFar(asks), "it still waits").toBeNull();
  expect(slowest(await first.ends()), "one that was there").toBeLessThan(SLOWEST_US_MAX);
  expect(activeOf(socket)).not.toBe(before);
  // On a busy host another call may have retired the one that was active; that one does not hang.
  const hanging = () => retiredOf(socket).filter((pid) => ["S", "D"].includes(stateOf(pid)));
  await expect.poll(hanging, { message: "one that was active hangs" }).not.toEqual([]);
});

test("the first domain of all, served before any stand-by is up, keeps no later one waiting", {
  timeout: TIMEOUT_MS,
}, async () => {
  const before = activeOf(socket);
  const asks = await hostile("page", join(tree, "slow/page"));
  expect((await innocent()).lines).toEqual([expect.stringMatching(/^\d+$/)]);
  expect(await soFar(asks), "it still waits").toBeNull();
  expect(activeOf(socket)).not.toBe(before);
});

test.each(["memory", "inode"])(
  "%s: a lock of the kernel's that one domain holds keeps no other waiting",
  {
    timeout: TIMEOUT_MS,
  },
  async (way) => {
    const file = `/dev/shm/cofferdam-${process.pid}`;
    writeFileSync(file, "");
    try {
      const first = lastingInnocent();
      await standByKnowsAll(socket);
      const before = activeOf(socket);
      const landlock = [file, join(tree, "mark")].map((path) => ({ path, rights: WRITE_RIGHTS }));
      const asks = await hostile(way, file, { landlock });
      expect(slowest(await innocent()), "one that came later").toBeLessThan(SLOWEST_US_MAX);
      expect(await soFar(asks), "it goes on").toBeNull();
      expect(slowest(await first.ends()), "one that was there").toBeLessThan(SLOWEST_US_MAX);
      expect(activeOf(socket)).not.toBe(before);
      // It works for one domain now.
      const { session } = precedenceOf(process.pid);
      const inTurn = { own: 0, session: session === null ? null : 0 };
      await expect
        .poll(() => (stateOf(before) === "Z" ? inTurn : precedenceOf(before)))
        .toEqual(inTurn);
    } finally {
      rmSync(file);
    }
  },
);
