import { type ChildProcess, execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { needsRoot, skipUnless } from "../support/skip.ts";
import { BusyHost, lacking } from "./busy-host.ts";

const TIMEOUT_MS = 600_000;
/** As in test/mediate/death: of faults at one moment of twenty, a run finds 95 %. */
const SWITCHES = Number(process.env.COFFERDAM_SWITCHES ?? 60);
/** A multiple of 20: every twentieth is followed by an agent that stays. */
const KILLS = Number(process.env.COFFERDAM_AGENT_KILLS ?? 60);
/**
 * An agent that is killed lives for so long at most, in milliseconds, and mostly much less: some
 * die while they start, some do not.
 */
const LIFE_MS_MAX = 500;
/** Every so many switches one is made by the command, which takes the start of Node. */
const BY_COMMAND = 20;
const clone = path.resolve(import.meta.dirname, "../..");
const domains = ["nginx", "redis-server", "postgres"];
let busy: BusyHost;
let agent: ChildProcess;
/** Accesses to the file that no grant names. */
let asked = 0;

beforeEach((context) => {
  needsRoot(context);
  skipUnless(context, lacking === null, `${lacking} is not there`);
});
beforeAll(async () => {
  if (process.getuid?.() !== 0 || lacking !== null) return;
  busy = await BusyHost.start();
  busy.policies("warning");
  agent = await busy.host.agent();
  await busy.startDaemons();
}, TIMEOUT_MS);
afterAll(() => busy?.close(), TIMEOUT_MS);

/** What nginx may do now. */
async function secret(): Promise<number> {
  asked += 1;
  return (await busy.nginx.get("/secret")).status;
}

async function numbers(): Promise<Record<string, number>> {
  const { domains: all } = await busy.host.ask("GET", "/domains");
  return Object.fromEntries(
    all.map(({ name, number }: { name: string; number: number }) => [name, number]),
  );
}

async function give(domain: string, level: string, byCommand: boolean): Promise<void> {
  if (byCommand) busy.host.cofferdam("domain", "level", domain, level);
  else await busy.host.ask("PUT", `/domains/${domain}/level`, { level });
}

/** How often the log tells of each: reads of the file, lost events, retired mediators. */
function told(): { reads: number; lost: number; retired: number } {
  const sum = { reads: 0, lost: 0, retired: 0 };
  for (const { domain, object, operation, count } of busy.host.events()) {
    if (operation === "mediator retired") sum.retired += count;
    if (domain !== "nginx") continue;
    if (object.endsWith("/elsewhere/secret")) sum.reads += count;
    if (operation === "lost") sum.lost += count;
  }
  return sum;
}

/**
 * No event is lost or reported twice. Repeats are written every few seconds. A slow disk gets the
 * mediator retired; what it had counted is then lost, and reported as lost.
 */
async function untilAllAreTold(): Promise<void> {
  await expect
    .poll(() => {
      const { reads, lost, retired } = told();
      return retired === 0 ? reads : reads + lost;
    })
    .toBeGreaterThanOrEqual(asked);
  const { reads, lost, retired } = told();
  expect(reads).toBeLessThanOrEqual(asked);
  if (retired === 0) expect({ reads, lost }).toEqual({ reads: asked, lost: 0 });
}

function mediatorNow() {
  return { pid: busy.host.mediator(), retired: told().retired };
}

/** The mediator is `before` still, or the log says why not. */
function expectMediator(before: ReturnType<typeof mediatorNow>): void {
  const now = mediatorNow();
  if (now.retired === before.retired) expect(now).toEqual(before);
  else expect(now.pid).not.toBe(before.pid);
}

/** Ends the load: every answer was right and whole. */
async function quiet() {
  const counts = await busy.quiet();
  expect(counts.http).toMatchObject({ failed: 0, wrong: 0 });
  asked += counts.http.secrets ?? 0;
  return counts;
}

const percentile = (all: readonly number[], part: number) =>
  [...all].sort((a, b) => a - b)[Math.floor((all.length - 1) * part)]?.toFixed(1);

test("levels switch under load: no request is lost, the next call sees it", {
  timeout: TIMEOUT_MS,
}, async () => {
  const before = busy.processes();
  expect(before).toHaveLength(8);
  busy.busy();
  const times: number[] = [];
  for (let turn = 0; turn < SWITCHES; turn++) {
    const level = turn % 2 === 0 ? "enforcing" : "warning";
    const domain = domains[turn % 3] ?? "nginx";
    const began = performance.now();
    await give("nginx", level, turn % BY_COMMAND < 2);
    if (turn % BY_COMMAND >= 2) times.push(performance.now() - began);
    expect([turn, level, await secret()]).toEqual([turn, level, level === "enforcing" ? 403 : 200]);
    if (domain !== "nginx") await give(domain, level, false);
    if (turn % BY_COMMAND === 5) {
      const shadow = busy.sql(
        `select length(pg_read_file('${busy.nginx.at("elsewhere/secret")}'))`,
      );
      await give("postgres", "enforcing", false);
      expect(shadow).toMatch(/^11$|Permission denied/);
      expect(busy.sql(`select pg_read_file('${busy.nginx.at("elsewhere/secret")}')`)).toContain(
        "Permission denied",
      );
    }
  }
  const { http, redis } = await quiet();
  console.log(
    `level: from request to answer p50 ${percentile(times, 0.5)} ms, p99 ` +
      `${percentile(times, 0.99)} ms`,
    http,
    redis,
  );
  expect(http.ok).toBeGreaterThan(SWITCHES);
  expect(redis.ok).toBeGreaterThan(SWITCHES);
  expect(busy.processes()).toEqual(before);
  await untilAllAreTold();
});

test("a policy that is narrowed and widened under load counts from the next call on", {
  timeout: TIMEOUT_MS,
}, async () => {
  const before = busy.processes();
  await give("nginx", "enforcing", false);
  busy.busy();
  for (let turn = 0; turn < 10; turn++) {
    const widened = turn % 2 === 0;
    busy.policies("warning", widened ? `\n  - r ${busy.nginx.at("elsewhere/extra")}` : "");
    const { domains: outcomes } = await busy.host.ask("POST", "/domains/nginx/reload");
    expect(outcomes).toMatchObject([
      { name: "nginx", outcome: "changed", following: 1, restart: [] },
    ]);
    expect([turn, (await busy.nginx.get("/extra")).status]).toEqual([turn, widened ? 200 : 403]);
  }
  await quiet();
  expect(busy.processes()).toEqual(before);
});

test("an agent killed at any moment under load loses no event, level or number", {
  timeout: TIMEOUT_MS,
}, async () => {
  const before = busy.processes();
  const mediator = mediatorNow();
  const numbersBefore = await numbers();
  busy.busy();
  let level = "enforcing";
  for (let turn = 0; turn < KILLS; turn++) {
    await busy.host.kill(agent);
    if (turn % 20 !== 19) {
      agent = busy.host.spawnAgent();
      await pause(Math.random() ** 4 * LIFE_MS_MAX);
      continue;
    }
    // What was given last is in force with no agent, and with the next one.
    expect([turn, await secret()]).toEqual([turn, level === "enforcing" ? 403 : 200]);
    agent = await busy.host.agent();
    expect(await busy.host.ask("GET", "/domains/nginx")).toMatchObject({
      level,
      number: expect.any(Number),
      switch: "live",
    });
    level = level === "enforcing" ? "warning" : "enforcing";
    await give("nginx", level, false);
    expect([turn, await secret()]).toEqual([turn, level === "enforcing" ? 403 : 200]);
  }
  const { http, redis } = await quiet();
  console.log(`agents killed: longest request ${http.longest} ms, redis ${redis.longest} ms`);
  expect(busy.processes()).toEqual(before);
  expectMediator(mediator);
  expect(await numbers()).toEqual(numbersBefore);
  await untilAllAreTold();
});

test("an agent of another installation takes over under load", {
  timeout: TIMEOUT_MS,
}, async () => {
  const home = busy.host.at("upgraded");
  fs.mkdirSync(home);
  for (const name of ["dist", "domains", "bin", "bpf", "package.json"])
    execFileSync("cp", ["-r", path.join(clone, name), home]);
  fs.symlinkSync(path.join(clone, "node_modules"), path.join(home, "node_modules"));
  const before = busy.processes();
  const mediator = mediatorNow();
  busy.busy();
  await give("nginx", "warning", false);
  agent.kill("SIGTERM");
  agent = await busy.host.agent(path.join(home, "dist/cofferdam.js"));
  expect(await busy.host.ask("GET", "/domains/nginx")).toMatchObject({
    level: "warning",
    switch: "live",
  });
  for (const level of ["enforcing", "warning", "enforcing"]) {
    await give("nginx", level, false);
    expect(await secret()).toBe(level === "enforcing" ? 403 : 200);
  }
  await quiet();
  expect(busy.processes()).toEqual(before);
  expectMediator(mediator);
});
