import {
  chmodSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { PRIVATE_FILE, PUBLIC_FILE, SHARED_FILE } from "../../src/base/modes.ts";
import { LiveTableWriter } from "../../src/domains/live-table-writer.ts";
import { encodePlan } from "../../src/plan/encode.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { compileC } from "../support/compile-c.ts";
import { scratchFolder } from "../support/scratch.ts";
import { needsRoot } from "../support/skip.ts";
import { type Built, buildAll } from "./build.ts";
import { activeOf, endMediators, standByKnowsAll, startMediator } from "./mediators.ts";
import { runScene, type SceneOptions, scenePlan, startScene } from "./scene.ts";

const TIMEOUT_MS = 120_000;
const NUMBER = 7;
const SWITCHES = 100;
/** Calls that are watched after each switch. */
const CALLS = 20n;

let built: Built;
let tree: string;
let counter: string;
let options: SceneOptions;
let table: LiveTableWriter;
beforeAll(async () => {
  built = await buildAll();
});
afterAll(() => built.remove());

beforeEach((context) => {
  needsRoot(context);
  tree = scratchFolder("tree");
  for (const name of ["shut", "run", "run/live"]) mkdirSync(join(tree, name));
  writeFileSync(join(tree, "shut/file"), "");
  counter = join(tree, "counter");
  writeFileSync(counter, Buffer.alloc(32));
  table = LiveTableWriter.open(join(tree, "run/table"));
  options = {
    rules: [`rw ${counter}`, "rxm /**"],
    supervised: "warning",
    folder: join(tree, "run"),
    plan: live,
  };
});
afterEach(() => {
  table?.close();
  rmSync(tree, { recursive: true });
});

function live(plan: Plan): Partial<Plan> {
  return { number: NUMBER, mediation: { ...plan.mediation, live: true } };
}

function counts(): { refused: bigint; wentOn: bigint } {
  const bytes = readFileSync(counter);
  return { refused: bytes.readBigUInt64LE(16), wentOn: bytes.readBigUInt64LE(24) };
}

/** Of the calls made from now on all but one, which may be in flight, are refused or all go on. */
async function expectOnly(kind: "refused" | "wentOn"): Promise<void> {
  const before = counts();
  let now = before;
  while (now[kind] - before[kind] < CALLS) {
    await sleep(0);
    now = counts();
  }
  const other = kind === "refused" ? "wentOn" : "refused";
  expect(now[other] - before[other]).toBeLessThanOrEqual(1n);
}

async function untilOver(done: ReturnType<typeof startScene>["done"]) {
  const over = Buffer.alloc(8);
  over.writeBigUInt64LE(1n);
  const fd = readFileSync(counter);
  over.copy(fd, 8);
  writeFileSync(counter, fd, { flag: "r+" });
  return await done;
}

test("a level is in force from the next call on, in both directions, without a call lost", {
  timeout: TIMEOUT_MS,
}, async () => {
  table.setLevel(NUMBER, "warning");
  const scene = startScene(built, options, [built.compile("switched"), counter], tree);
  await expectOnly("wentOn");
  for (let turn = 0; turn < SWITCHES; turn++) {
    table.setLevel(NUMBER, "enforcing");
    await expectOnly("refused");
    table.setLevel(NUMBER, turn % 2 === 0 ? "warning" : "disabled");
    await expectOnly("wentOn");
  }
  const run = await untilOver(scene.done);
  expect([run.status, run.stderr]).toEqual([0, ""]);
  const made = run.events.filter(({ object }) => object === join(tree, "shut/file"));
  const kinds = new Set(made.map(({ verdict, level, number }) => `${verdict} ${level} ${number}`));
  expect(kinds).toEqual(new Set([`denied enforcing ${NUMBER}`, `warning warning ${NUMBER}`]));
});

test("a level switched under the last mediator holds for the first call of the next", {
  timeout: TIMEOUT_MS,
}, async () => {
  const socket = join(tree, "run/mediator.sock");
  table.setLevel(NUMBER, "warning");
  await startMediator(built.mediator, socket);
  const switched = [built.compile("switched"), counter];
  const scene = startScene(built, { ...options, joins: socket }, switched, tree);
  try {
    await expectOnly("wentOn");
    await standByKnowsAll(socket);
    const before = activeOf(socket);
    process.kill(before, "SIGSTOP");
    table.setLevel(NUMBER, "enforcing");
    const last = counts();
    process.kill(before, "SIGKILL");
    await expectOnly("refused");
    // One more may have been answered before it stood still.
    expect(counts().wentOn - last.wentOn).toBeLessThanOrEqual(1n);
    const run = await untilOver(scene.done);
    expect([run.status, run.stderr]).toEqual([0, ""]);
  } finally {
    scene.process.kill("SIGKILL");
    await endMediators(socket);
  }
});

test("a program executed at warning is not taken for one that enforcing judged before", {
  timeout: TIMEOUT_MS,
}, async () => {
  table.setLevel(NUMBER, "enforcing");
  const program = join(built.directory, "exec-levels");
  const source = join(import.meta.dirname, "supervised/exec-levels.c");
  compileC(program, source, ["-O1", "-Wall", "-static"]);
  for (const name of ["next", "last"]) copyFileSync(program, join(tree, name));
  writeFileSync(counter, Buffer.alloc(4096));
  const rules = [`rx ${program}`, `rx ${tree}/next`, `rw ${counter}`, `rwc ${tree}/made`];
  const scene = startScene(
    built,
    { ...options, supervised: "enforcing", rules },
    [program, counter],
    tree,
  );
  const reached = async (step: number) => {
    while (readFileSync(counter)[0] !== step) await sleep(1);
  };
  const goOn = (step: number) => {
    const bytes = readFileSync(counter);
    bytes[1] = step;
    writeFileSync(counter, bytes, { flag: "r+" });
  };
  await reached(1);
  table.setLevel(NUMBER, "disabled");
  goOn(1);
  await reached(2);
  table.setLevel(NUMBER, "enforcing");
  goOn(2);
  const run = await scene.done;
  expect([run.lines, run.status, run.stderr]).toEqual([["at last 1"], 0, ""]);
  expect(run.events).toEqual([]);
});

test("a policy is in force once the table has it; bytes that are no plan are only reported", {
  timeout: TIMEOUT_MS,
}, async () => {
  table.setLevel(NUMBER, "enforcing");
  const file = join(tree, `run/live/${NUMBER}`);
  const put = (bytes: Uint8Array | string, mode = PUBLIC_FILE) => {
    rmSync(file, { force: true });
    writeFileSync(file, bytes);
    chmodSync(file, mode);
    table.nextGeneration(NUMBER);
  };
  const plan = (rules: readonly string[]) => {
    const made = scenePlan({ ...options, rules }, "/");
    return encodePlan({ ...made, ...live(made) });
  };
  const wide = plan([...options.rules, `a ${tree}/shut/*`]);
  const scene = startScene(built, options, [built.compile("switched"), counter], tree);
  await expectOnly("refused");
  put(wide);
  await expectOnly("wentOn");
  put("no plan");
  await expectOnly("wentOn");
  put(plan(options.rules));
  await expectOnly("refused");
  for (const [bytes, mode] of [
    [wide, SHARED_FILE],
    [encodePlan(scenePlan(options, "/")), PUBLIC_FILE],
  ] as const) {
    put(bytes, mode);
    await expectOnly("refused");
  }
  const run = await untilOver(scene.done);
  expect([run.status, run.stderr]).toEqual([0, ""]);
  const told = run.events.filter(({ operation }) => operation === "policy not taken");
  expect(told.map(({ verdict }) => verdict)).toEqual(["failed", "failed", "failed"]);
});

test("an outdated policy of an earlier run is not in force for a new run", {
  timeout: TIMEOUT_MS,
}, async () => {
  table.setLevel(NUMBER, "enforcing");
  const source = join(tree, "policy.yaml");
  writeFileSync(source, "");
  const { mode, dev, ino, size, ctimeNs } = lstatSync(source, { bigint: true });
  const facts = [
    { kind: "node", path: source, mode: Number(mode), dev, ino, size, ctimeNs, role: "authority" },
  ] as const;
  const wide = scenePlan({ ...options, rules: [...options.rules, `ca ${tree}/shut/*`] }, "/");
  writeFileSync(
    join(tree, `run/live/${NUMBER}`),
    encodePlan({ ...wide, ...live(wide), facts: [...facts] }),
    { mode: PRIVATE_FILE },
  );
  table.nextGeneration(NUMBER);
  const make = (name: string) =>
    runScene(built, options, [built.target, "mkdir", `shut/${name}`, "0700"], tree).lines;
  expect(make("current")).toEqual(["mkdir: 0 -"]);
  writeFileSync(source, "changed");
  expect(make("outdated")).toEqual(["mkdir: -1 EACCES"]);
  // An instance that starts again has its number back when the agent has seen it.
  table.setGone(NUMBER);
  const program = [built.compile("switched"), counter];
  const scene = startScene(built, { ...options, supervised: "enforcing" }, program, tree);
  await expectOnly("refused");
  table.setLevel(NUMBER, "enforcing");
  await expectOnly("refused");
  expect((await untilOver(scene.done)).status).toBe(0);
});

test("a domain keeps its first policy where the table lacks it, or there is no table", () => {
  const program = [built.target, "mkdir", "shut/made", "0700"];
  expect(runScene(built, options, program, tree).lines).toEqual(["mkdir: 0 -"]);
  table.setLevel(NUMBER, "enforcing");
  const again = [built.target, "mkdir", "shut/again", "0700"];
  expect(runScene(built, options, again, tree).lines).toEqual(["mkdir: -1 EACCES"]);
  table.setGone(NUMBER);
  expect(runScene(built, options, again, tree).lines).toEqual(["mkdir: 0 -"]);
  const elsewhere = { ...options, folder: join(tree, "none") };
  expect(
    runScene(built, elsewhere, [...program.slice(0, 2), "shut/third", "0700"], tree).lines,
  ).toEqual(["mkdir: 0 -"]);
});

test("an attended run at warning ends with its would-be denials and how to allow them", () => {
  const attended = { ...options, plan: () => ({ attended: true }) };
  const run = runScene(
    built,
    attended,
    [built.target, "mkdir", "shut/a", "0700", ";", "mkdir", "shut/b", "0700"],
    tree,
  );
  expect(run.lines.slice(0, 2)).toEqual(["mkdir: 0 -", "mkdir: 0 -"]);
  const said = run.lines.slice(2).join("\n");
  for (const name of ["a", "b"])
    expect(said).toMatch(
      new RegExp(`target\\[\\d+\\]: scene: create ${tree}/shut/${name}: warning`),
    );
  expect(said).toMatch(
    /^cofferdam: scene: \d+ accesses outside the domain\n {2}these lines in its policy would allow them:$/m,
  );
  // As it can be pasted into the policy.
  expect(said).toMatch(
    new RegExp(`^files:\n( {2}- .*\n)* {2}- c ${tree}/shut/a\n {2}- c ${tree}/shut/b$`, "m"),
  );
});
