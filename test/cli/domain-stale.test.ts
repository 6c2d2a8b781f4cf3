import { type ChildProcess, spawn } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { PUBLIC_PROGRAM } from "../../src/base/modes.ts";
import { root } from "../house/tree.ts";
import { IN_CLONE, scratchFolder } from "../support/scratch.ts";
import { needsRoot } from "../support/skip.ts";
import { PrivateHost } from "../system/private-host.ts";

const front = join(root, "bin/cofferdam");
/** For what another process does, on a slow machine. */
const WAIT = { timeout: 60_000, interval: 200 };

let host: PrivateHost;
beforeEach(async (context) => {
  needsRoot(context);
  host = await PrivateHost.start();
});
afterEach(async () => await host?.close());

function replace(path: string): void {
  fs.copyFileSync(path, `${path}.new`);
  fs.renameSync(`${path}.new`, path);
}

/** Standard output of a command whose exit status is 1 where something is stale. */
function stale(...options: string[]): string {
  try {
    return host.cofferdam("domain", "stale", ...options);
  } catch (error) {
    const text = error instanceof Error ? error.message : "";
    return text.slice(text.indexOf("\n") + 1);
  }
}

test("an upgrade's replaced program, file and policy are told of the runs before", async () => {
  const folder = scratchFolder("stale", { above: IN_CLONE });
  const [program, file] = [join(folder, "sleeper"), join(folder, "settings")];
  fs.copyFileSync("/usr/bin/sleep", program);
  fs.chmodSync(program, PUBLIC_PROGRAM);
  fs.writeFileSync(file, "");
  const text = `summary: a test
mediation: sealed
include: [base]
files: ["rx ${program}", "r ${file}"]
inherit: [stdio]
syscalls: ["@system-service"]
`;
  host.policy("upgraded", text);
  const [nsenter = "", ...args] = [...host.inside, front, "run", "upgraded", "--", program, "900"];
  const child = spawn(nsenter, args, { stdio: "ignore", cwd: "/" });
  try {
    const exe = `/proc/${child.pid}/exe`;
    await vi.waitFor(() => expect(fs.readlinkSync(exe)).toBe(program), { timeout: 60_000 });
    expect(stale()).toBe("nothing is stale\n");
    replace(program);
    replace(file);
    host.policy("upgraded", text.replace("include", "core-dumps: allowed\ninclude"));
    expect(JSON.parse(stale("--json"))).toEqual({
      runs: [
        {
          domain: "upgraded",
          pid: child.pid,
          replacedCode: [program],
          outOfReach: [file, program].sort().map((path) => ({ path, kind: "replaced" })),
          keepsEarlierPolicy: true,
        },
      ],
      plans: ["upgraded"],
      broken: [],
    });
    expect(stale()).toContain("restart: cofferdam domain restart upgraded\n");
  } finally {
    child.kill("SIGKILL");
    fs.rmSync(folder, { recursive: true });
  }
});

test("plans of domains that do not run are told and made anew; a broken policy is told", () => {
  const folder = scratchFolder("renew", { above: IN_CLONE });
  for (const name of ["first", "second"]) {
    host.policy(name, driftingPolicy(folder, "sealed"));
    host.cofferdam("run", name, "--", "/usr/bin/sleep", "0");
  }
  // A start with other words has a plan of its own.
  host.cofferdam("run", "first", "--level", "enforcing", "--", "/usr/bin/sleep", "0");
  const plans = () => JSON.parse(host.cofferdam("domain", "renew", "--json")).plans;
  const outcomes = () => plans().map(({ domain, outcome }: never) => `${domain} ${outcome}`);
  expect(stale()).toBe("nothing is stale\n");
  expect(outcomes()).toEqual(["first valid", "first valid", "second valid"]);
  host.policy("first", `core-dumps: allowed\n${driftingPolicy(folder, "sealed")}`);
  expect(JSON.parse(stale("--json"))).toEqual({ runs: [], plans: ["first"], broken: [] });
  expect(outcomes()).toEqual(["first renewed", "first renewed", "second valid"]);
  expect(outcomes()).toEqual(["first valid", "first valid", "second valid"]);
  // The next start uses it: no other plan lies there.
  host.cofferdam("run", "first", "--", "/usr/bin/sleep", "0");
  expect(outcomes()).toEqual(["first valid", "first valid", "second valid"]);
  host.policy("second", `user: nobody-of-that-name\n${driftingPolicy(folder, "sealed")}`);
  expect(JSON.parse(stale("--json"))).toMatchObject({
    plans: ["second"],
    broken: [{ domain: "second", units: [], problem: expect.stringContaining("nobody-of-that") }],
  });
  expect(stale().replace(/\s+/g, " ")).toContain("second cannot start: ");
  expect(() => host.cofferdam("domain", "renew")).toThrow(/second: no plan can be made/);
});

/** Starts the sleeper in the domain `drifting`, and returns once it runs. */
async function start(): Promise<ChildProcess> {
  const words = ["run", "drifting", "--", "/usr/bin/sleep", "900"];
  const [nsenter = "", ...args] = [...host.inside, front, ...words];
  const child = spawn(nsenter, args, { stdio: "ignore", cwd: "/" });
  const program = () => fs.readlinkSync(`/proc/${child.pid}/exe`);
  await vi.waitFor(() => expect(program()).toMatch(/bin\/sleep$/), { timeout: 60_000 });
  return child;
}

/** Below `folder`: single names, directories, and what a daemon makes and rotates by itself. */
function driftingPolicy(folder: string, lateNames: "sealed" | "brokered"): string {
  return `summary: a test
mediation: sealed
late-names: ${lateNames}
include: [base]
files:
  - rx /usr/bin/sleep
  - r ${folder}/settings ${folder}/hosts ${folder}/certificates/**
  - rx ${folder}/helper
  - rwcd ${folder}/own.pid ${folder}/log/**
  - r ${folder}/log/current
inherit: [stdio]
syscalls: ["@system-service"]
`;
}

test("status and stale tell which granted names no longer reach what they did", async () => {
  const folder = scratchFolder("drift", { above: IN_CLONE });
  const at = (name: string): string => join(folder, name);
  for (const name of ["certificates", "log"]) fs.mkdirSync(at(name));
  for (const name of ["settings", "hosts", "own.pid", "log/current", "helper"])
    fs.writeFileSync(at(name), "");
  host.policy("drifting", driftingPolicy(folder, "sealed"));
  const children: ChildProcess[] = [];
  const told = (): unknown => {
    const { runs } = JSON.parse(host.cofferdam("status", "--json"));
    return runs.map(({ drift }: { drift: unknown }) => drift);
  };
  try {
    // Replaced between the plan and a start with it: the start has the new one.
    host.cofferdam("run", "drifting", "--", "/usr/bin/sleep", "0");
    replace(at("settings"));
    children.push(await start());
    fs.appendFileSync(at("settings"), "more");
    replace(at("own.pid"));
    replace(at("log/current"));
    expect(told()).toEqual([[]]);
    replace(at("settings"));
    replace(at("helper"));
    fs.rmSync(at("hosts"));
    fs.renameSync(at("certificates"), at("before"));
    fs.mkdirSync(at("certificates"));
    const drift = [
      { path: at("certificates"), kind: "replaced" },
      { path: at("helper"), kind: "replaced" },
      { path: at("hosts"), kind: "gone" },
      { path: at("settings"), kind: "replaced" },
    ];
    expect(told()).toEqual([drift]);
    expect(JSON.parse(stale("--json")).runs[0].outOfReach).toEqual(drift);
    // The line may be wrapped anywhere, by how long the clone's path is.
    expect(host.cofferdam("status").replace(/\s+/g, " ")).toContain(`${at("hosts")} is gone`);
    // A plan that is made anew changes nothing for what runs.
    children.push(await start());
    expect(told()).toEqual(expect.arrayContaining([drift, []]));
  } finally {
    for (const child of children) child.kill("SIGKILL");
  }
});

test("what the mediator opens anew is no drift; a replaced program is", async () => {
  const folder = scratchFolder("drift", { above: IN_CLONE });
  const at = (name: string): string => join(folder, name);
  for (const name of ["settings", "helper"]) fs.writeFileSync(at(name), "");
  host.policy("drifting", driftingPolicy(folder, "brokered"));
  const child = await start();
  try {
    replace(at("settings"));
    replace(at("helper"));
    const { runs } = JSON.parse(host.cofferdam("status", "--json"));
    expect(runs.map(({ drift }: { drift: unknown }) => drift)).toEqual([
      [{ path: at("helper"), kind: "replaced" }],
    ]);
  } finally {
    child.kill("SIGKILL");
  }
});

test("the agent tells drift by itself: an event, why, a mark in the list, status", async () => {
  const folder = scratchFolder("drift", { above: IN_CLONE });
  const settings = join(folder, "settings");
  fs.writeFileSync(settings, "");
  host.policy("drifting", driftingPolicy(folder, "sealed"));
  const agent = await host.agent();
  const child = await start();
  const watched = (): unknown => JSON.parse(host.cofferdam("status", "--json")).agent.drift;
  const drifts = () => host.events().filter((event) => event.class === "drift");
  try {
    await vi.waitFor(() => expect(watched()).toMatchObject({ runs: 1, problems: [] }), WAIT);
    expect(host.cofferdam("domain", "list")).toMatch(/ drifting +enforcing /);
    replace(settings);
    await vi.waitFor(() => expect(drifts()).toHaveLength(1), WAIT);
    const [event] = drifts();
    expect(event).toMatchObject({ operation: "replaced", object: settings, domain: "drifting" });
    expect(host.cofferdam("domain", "list")).toMatch(/ drifting~ +enforcing /);
    expect(host.cofferdam("domain", "show", "drifting")).toContain(
      "1 granted name is out of reach",
    );
    const why = host.cofferdam("why", event?.id ?? "").replace(/\s+/g, " ");
    expect(why).toContain(`was granted ${settings}, which was replaced: what has the name now`);
    expect(why).toContain("cofferdam domain restart drifting");
    expect(why).toContain("a restart gives it the present object");
    // The next agent knows what was told, and tells what comes next.
    await host.kill(agent);
    await host.agent();
    await vi.waitFor(() => expect(watched()).toMatchObject({ runs: 1 }), WAIT);
    fs.renameSync(settings, `${settings}.old`);
    await vi.waitFor(() => expect(drifts()).toHaveLength(2), WAIT);
    expect(drifts()[1]).toMatchObject({ operation: "gone", object: settings });
    expect(host.cofferdam("domain", "list")).toMatch(/ drifting~ +enforcing /);
  } finally {
    child.kill("SIGKILL");
  }
});
