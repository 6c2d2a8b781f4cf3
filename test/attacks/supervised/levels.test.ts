import { execFileSync } from "node:child_process";
import { randomInt } from "node:crypto";
import {
  closeSync,
  constants,
  existsSync,
  openSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Level } from "../../../src/model/policy.ts";
import { type Built, buildAll } from "../../mediate/build.ts";
import { needsRoot } from "../../support/skip.ts";
import { Arena, attackPrograms, BUILD_TIMEOUT_MS, buildProgram } from "../arena.ts";
import { attackerPolicy } from "../policy.ts";
import type { Attempted, Series } from "../series.ts";
import { LiveDomain } from "./live-domain.ts";
import { differences } from "./outcomes.ts";

const SWITCHES = 1_000;
/** Between two switches mostly less than an attack takes, sometimes more, milliseconds. */
const SHORT_MS = 8;
const LONG_MS = 80;
const TIMEOUT_MS = 600_000;
/** Times that a verdict or a policy is made to be of yesterday. */
const TURNS = 50;
/**
 * What a refusal may say: a policy's, the kernel's for what was refused before, and absence where
 * libraries fall back.
 */
const REFUSALS = /: (EACCES|EPERM|ENOSYS|ENOENT|ESRCH|EEXIST|0) ?$/;

const isRoot = process.getuid?.() === 0;
let arena: Arena;
let built: Built;
let domain: LiveDomain;
beforeAll(async () => {
  if (!isRoot) return;
  built = await buildAll();
  arena = new Arena({ uid: 0, name: "root" }, `switched-${process.pid}`);
  await arena.open(attackerPolicy);
  for (const name of ["open-way", "open-granted", "open-fifo"])
    buildProgram(path.join(import.meta.dirname, `${name}.c`), path.join(arena.bin, name));
  domain = new LiveDomain(arena, built);
}, BUILD_TIMEOUT_MS);
afterAll(async () => {
  domain?.close();
  built?.remove();
  await arena?.close();
});

/**
 * All but those that are refused at every level or at none, and those that change what comes after
 * them.
 */
const programs = attackPrograms().filter(
  ({ name, as, policy, bare, alone }) =>
    policy === "attacker" &&
    as !== "user" &&
    bare === "works" &&
    !alone &&
    differences[name] === undefined,
);

interface Switch {
  readonly at: number;
  readonly level: Level;
}

class Switcher {
  readonly switches: Switch[] = [];

  to(level: Level): void {
    domain.setLevel(level);
    this.switches.push({ at: performance.now(), level });
  }

  async run(times: number): Promise<void> {
    for (let turn = 0; turn < times; turn++) {
      this.to(turn % 2 === 0 ? "enforcing" : "warning");
      await sleep(randomInt(8) === 0 ? randomInt(LONG_MS) : randomInt(SHORT_MS));
    }
    this.to("enforcing");
  }

  /** Null where it changed between the two moments. */
  levelBetween(from: number, to: number): Level | null {
    if (this.switches.some(({ at }) => at > from && at < to)) return null;
    return this.switches.findLast(({ at }) => at <= from)?.level ?? null;
  }
}

async function once(series: Series, name: string): Promise<Attempted> {
  arena.reset();
  return await series.attack(name, false);
}

async function each(series: Series): Promise<ReadonlyMap<string, Attempted>> {
  const found = new Map<string, Attempted>();
  for (const { name } of programs) found.set(name, await once(series, name));
  return found;
}

/** Below this directory the attacker may do everything; its policy without that is narrower. */
const wide = () => attackerPolicy(arena, { supervised: true, level: "warning" });
const narrow = () => wide().replace(/^ {2}- rwcda .*\n/m, "");

test("during a thousand switches an attack succeeds and is logged, or is refused", {
  timeout: TIMEOUT_MS,
}, async (context) => {
  needsRoot(context);
  domain.setLevel("warning");
  const series = domain.start(await domain.compile(wide()));
  const atWarning = await each(series);
  domain.setLevel("enforcing");
  const atEnforcing = await each(series);
  // What this kernel or this start refuses anyway proves nothing here.
  const telling = programs.filter(
    ({ name }) => atWarning.get(name)?.status === 0 && atEnforcing.get(name)?.status === 1,
  );
  expect(telling.length).toBeGreaterThan(programs.length * 0.8);

  const switcher = new Switcher();
  let isOver = false;
  const switching = switcher.run(SWITCHES).finally(() => {
    isOver = true;
  });
  const succeeded = new Map<string, number>();
  const counts = { refused: 0, succeeded: 0, between: 0 };
  for (let turn = 0; !isOver; turn++) {
    const { name } = telling[turn % telling.length] as (typeof telling)[number];
    const from = performance.now();
    const { status, text } = await once(series, name);
    const level = switcher.levelBetween(from, performance.now());
    if (level === null) counts.between += 1;
    else expect(status, `${name} at ${level}: ${text}`).toBe(level === "enforcing" ? 1 : 0);
    expect([0, 1], `${name} while the level changed: ${text}`).toContain(status);
    if (status === 1) {
      counts.refused += 1;
      expect(text, name).toMatch(REFUSALS);
    } else {
      counts.succeeded += 1;
      succeeded.set(name, (succeeded.get(name) ?? 0) + 1);
    }
  }
  await switching;
  expect(counts.between).toBeGreaterThan(0);
  expect(counts.refused).toBeGreaterThan(0);
  expect(counts.succeeded).toBeGreaterThan(0);

  for (const [name, { status, text }] of await each(series))
    expect(status, `${name} after the last switch: ${text}`).toBe(1);
  const events = await series.end();
  const counted = (some: typeof events): number => some.reduce((sum, { count }) => sum + count, 0);
  // One more than these: it succeeded at the beginning, too.
  const untold = [...succeeded].map(([name, times]) => {
    const told = events.filter(
      ({ verdict, process }) =>
        verdict === "warning" && process.executable?.endsWith(`/bin/${name}`),
    );
    expect(counted(told), `warnings of ${name}`).toBeGreaterThan(0);
    return Math.max(0, times + 1 - counted(told));
  });
  // More than a thousand different events in five seconds have no name, and are counted.
  const unnamed = counted(events.filter(({ operation }) => operation === "folded"));
  expect(untold.reduce((sum, times) => sum + times, 0)).toBeLessThanOrEqual(unnamed);
});

test("a name found inside at level warning is judged anew at enforcing", {
  timeout: TIMEOUT_MS,
}, async (context) => {
  needsRoot(context);
  const way = path.join(arena.scratch, "granted/way");
  const leadTo = (directory: string) => {
    symlinkSync(path.join(arena.scratch, directory), `${way}.new`);
    renameSync(`${way}.new`, way);
  };
  const series = domain.start(await domain.compile(wide()));
  for (let turn = 0; turn < TURNS; turn++) {
    arena.reset();
    domain.setLevel("warning");
    leadTo("readonly");
    expect((await series.attack("open-way", false)).text).toContain("succeeded");
    // In either order: the verdict of a moment ago is worth nothing.
    if (turn % 2 === 0) leadTo("secret");
    domain.setLevel("enforcing");
    if (turn % 2 === 1) leadTo("secret");
    expect((await series.attack("open-way", false)).text).toContain("refused");
  }
  const denied = (await series.end()).filter(
    ({ verdict, object }) => verdict === "denied" && object.endsWith("/secret/file"),
  );
  expect(denied.reduce((sum, { count }) => sum + count, 0)).toBe(TURNS);
});

test("a narrowed policy holds from the next call on, also for a waiting open", {
  timeout: TIMEOUT_MS,
}, async (context) => {
  needsRoot(context);
  const [more, less] = [await domain.compile(wide()), await domain.compile(narrow())];
  domain.setLevel("enforcing");
  const series = domain.start(more);
  arena.reset();
  writeFileSync(path.join(arena.scratch, "granted/file"), "");
  for (let turn = 0; turn < TURNS; turn++) {
    domain.putPolicy(less);
    expect((await series.attack("open-granted", false)).text).toContain("EACCES");
    domain.putPolicy(more);
    expect((await series.attack("open-granted", false)).text).toContain("succeeded");
  }
  for (const narrowed of [false, true]) {
    arena.reset();
    const fifo = path.join(arena.scratch, "granted/fifo");
    execFileSync("mkfifo", [fifo]);
    const opened = series.attack("open-fifo", false);
    // It is under way once its own mark is there.
    while (!existsSync(`${fifo}.asked`)) await sleep(5);
    await sleep(100);
    if (narrowed) domain.putPolicy(less);
    const writer = openSync(fifo, constants.O_RDWR);
    expect((await opened).text).toContain(narrowed ? "refused" : "succeeded");
    closeSync(writer);
  }
  await series.end();
});
