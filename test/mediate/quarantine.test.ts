import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Event } from "../../src/events/event.ts";
import { RETIRED_UNTIL_QUARANTINE } from "../../src/mediate/limits.ts";
import { retirementsBeside } from "../../src/mediate/shared/retirements.ts";
import { encodePlan } from "../../src/plan/encode.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { needsRoot } from "../support/skip.ts";
import { type Built, buildAll } from "./build.ts";
import {
  activeOf,
  endAll,
  endMediators,
  folderInMemory,
  mediatorsOf,
  standByKnowsAll,
  stateOf,
} from "./mediators.ts";
import { scenePlan, startScene } from "./scene.ts";

const TIMEOUT_MS = 240_000;
const WAIT_MS = 45_000;
/** No process has this number. */
const GONE = 4_194_304;
/** LANDLOCK_ACCESS_FS_WRITE_FILE, LANDLOCK_ACCESS_FS_TRUNCATE. */
const WRITE_RIGHTS = (1n << 1n) | (1n << 14n);

let built: Built;
let programs: Record<"hostile" | "innocent" | "fuse" | "strange", string>;
let tree: string;
let socket: string;
let inside: readonly string[];
let running: ChildProcess[] = [];
beforeAll(async () => {
  built = await buildAll();
  programs = {
    hostile: built.compile("hostile", "-pthread"),
    innocent: built.compile("innocent"),
    fuse: built.compile("fuse"),
    strange: built.compile("strange"),
  };
});
afterAll(() => built.remove());

beforeEach(async (context) => {
  needsRoot(context);
  tree = folderInMemory();
  for (const name of ["open", "slow", "run", "log"]) mkdirSync(join(tree, name));
  for (const name of ["mark", "mark2"]) writeFileSync(join(tree, name), "");
  for (const name of ["gate", "gate2"]) execFileSync("mkfifo", [join(tree, name)]);
  socket = join(tree, "run/mediator.sock");
  // In the namespace of the file system that hangs.
  const line = [join(tree, "slow"), process.execPath, built.mediator, "shared", socket];
  const { pid } = spawn(programs.fuse, line, {
    stdio: ["ignore", "ignore", "inherit"],
    // The mediator that is started here may end before its successors.
    env: { PATH: "/usr/bin:/bin", FUSE_OUTLIVES: "1" },
  });
  inside = ["nsenter", "-t", `${pid}`, "-m", "--"];
  while (!existsSync(socket)) await sleep(5);
});
afterEach(async () => {
  for (const child of running) child.kill("SIGKILL");
  running = [];
  for (const program of Object.values(programs)) endAll(program);
  await endMediators(socket);
  rmSync(tree, { recursive: true });
});

const rules = () => [`rwcda ${tree}/open/*`];

function planOf(base: Plan, name: string, uid: number): Plan {
  const user = uid === 0 ? null : { uid, gid: uid, groups: [] };
  const mediation = { ...base.mediation, events: join(tree, "log") };
  return { ...base, domain: name, identity: { ...base.identity, user }, mediation };
}

function domain(program: readonly string[], name: string, uid = 0) {
  const landlock = ["mark", "mark2"].map((mark) => ({
    path: join(tree, mark),
    rights: WRITE_RIGHTS,
  }));
  const plan = (base: Plan) => planOf(base, name, uid);
  const options = { rules: rules(), joins: socket, landlock, inside, plan };
  const run = startScene(built, options, program, tree);
  running.push(run.process);
  return run;
}

/** What a launcher is told of one more run. */
function answer(name: string, uid: number): string {
  const file = join(tree, `${name}-${uid}.plan`);
  const base = scenePlan({ rules: rules() }, join(tree, "log"));
  writeFileSync(file, encodePlan(planOf(base, name, uid)));
  const { stdout } = spawnSync(programs.strange, ["asks", socket, file], { encoding: "utf8" });
  return stdout.trim();
}

/** Its directory comes and goes until it is asked for its result no more. */
function sleeper(name: string, uid: number, file: string) {
  return domain([programs.innocent, "1000000", join(tree, "open", file), "20"], name, uid);
}

async function isServed(file: string): Promise<void> {
  const time = () => statSync(join(tree, "open", file), { throwIfNoEntry: false })?.ino ?? 0;
  const seen = new Set<number>();
  await expect.poll(() => seen.add(time()).size, { timeout: WAIT_MS, interval: 7 }).toBe(2);
}

async function hostile(name: string, uid: number, mark: string, ...gate: string[]) {
  const line = [programs.hostile, "page", join(tree, "slow/page"), join(tree, mark), ...gate];
  domain(line, name, uid);
  await expect.poll(() => readFileSync(join(tree, mark), "utf8"), { timeout: WAIT_MS }).toBe(".");
}

/** Lets those on who wait there. */
function open(gate: string): void {
  spawnSync("sh", ["-c", `: >${join(tree, gate)}`]);
}

/** All but the one that waits for the page, which does not end by being killed (state D). */
async function endAllThatEnd(): Promise<void> {
  const isLeft = (pid: number) => !["Z", "D"].includes(stateOf(pid));
  for (let clean = 0; clean < 5; ) {
    clean = mediatorsOf(socket).some(isLeft) ? 0 : clean + 1;
    for (const pid of mediatorsOf(socket)) spawnSync("kill", ["-KILL", `${pid}`]);
    await sleep(20);
  }
}

/** What mediators before have written down of a claimant. */
function before(domain: string, uid: number, count: number): void {
  const at = Number(process.hrtime.bigint() / 1_000_000n);
  const one = { domain, uid, at, pid: GONE, start: "" };
  writeFileSync(retirementsBeside(socket), JSON.stringify(Array(count).fill(one)));
}

const takenOver = (last: number) =>
  expect.poll(() => activeOf(socket), { timeout: WAIT_MS }).not.toBe(last);

function told(): Event[] {
  const log = join(tree, "log/events.jsonl");
  const lines = existsSync(log) ? readFileSync(log, "utf8").split("\n").filter(Boolean) : [];
  const events: Event[] = lines.map((line) => JSON.parse(line));
  return events.filter(({ operation }) => operation === "mediator retired");
}

test("a user whose runs often hang gets one mediator per run, for present runs too", {
  timeout: TIMEOUT_MS,
}, async () => {
  expect(answer("shell", 7)).toBe("taken");
  sleeper("shell", 7, "ofthesame");
  sleeper("shell", 8, "ofanother");
  for (const file of ["ofthesame", "ofanother"]) await isServed(file);
  await standByKnowsAll(socket);
  const first = activeOf(socket);
  before("shell", 7, RETIRED_UNTIL_QUARANTINE.user - 1);
  await hostile("shell", 7, "mark");
  await takenOver(first);
  await expect.poll(() => answer("shell", 7), { timeout: WAIT_MS }).toBe("elsewhere");
  expect([answer("web", 7), answer("shell", 9)]).toEqual(["taken", "taken"]);
  for (const file of ["ofthesame", "ofanother"]) await isServed(file);
  // What looks into the memory of all processes does not wait for the page either.
  const listed = spawnSync("ps", ["axww", "-o", "args="], { encoding: "utf8", timeout: WAIT_MS });
  expect([listed.status, listed.stdout.includes(programs.hostile)]).toEqual([0, true]);
  // Though the one that hangs never comes to say it.
  const event = { domain: "shell", verdict: "failed", class: "lifecycle" };
  await expect
    .poll(told, { timeout: WAIT_MS })
    .toEqual(expect.arrayContaining([expect.objectContaining(event)]));
  await endAllThatEnd();
  // Its mediator is none of these.
  await isServed("ofthesame");
});

test("a daemon of root's is let in again as long as it does it rarely", {
  timeout: TIMEOUT_MS,
}, async () => {
  sleeper("other", 0, "other");
  await isServed("other");
  // Both have the file open: who opens it later waits for the page.
  await hostile("web", 0, "mark", join(tree, "gate"));
  await hostile("web", 0, "mark2", join(tree, "gate2"));
  await standByKnowsAll(socket);
  const first = activeOf(socket);
  before("web", 0, RETIRED_UNTIL_QUARANTINE.root - 2);
  open("gate");
  await takenOver(first);
  expect(answer("web", 0)).toBe("taken");
  await standByKnowsAll(socket);
  const second = activeOf(socket);
  open("gate2");
  await takenOver(second);
  await expect.poll(() => answer("web", 0), { timeout: WAIT_MS }).toBe("elsewhere");
  expect(answer("another", 0)).toBe("taken");
  await isServed("other");
});

test("a second domain that does the same as soon as the stand-by serves keeps no other for ever", {
  timeout: TIMEOUT_MS,
}, async () => {
  sleeper("other", 0, "other");
  await isServed("other");
  await hostile("one", 0, "mark", join(tree, "gate"));
  await hostile("two", 0, "mark2", join(tree, "gate"));
  await standByKnowsAll(socket);
  const first = activeOf(socket);
  // Both ask at once: the second finds its place in the very next loop.
  open("gate");
  await takenOver(first);
  await isServed("other");
});
