import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { DriftWatch } from "../../src/agent/drift/drift-watch.ts";
import { WatchedDirectories } from "../../src/agent/drift/watched-directories.ts";
import { listRuns } from "../../src/domains/runs.ts";
import type { Event } from "../../src/events/event.ts";
import { ErrnoError } from "../../src/kernel/errno-error.ts";
import { Inotify } from "../../src/kernel/inotify.ts";
import { root } from "../house/tree.ts";
import { IN_MEMORY, scratchFolder } from "../support/scratch.ts";
import { needsRoot } from "../support/skip.ts";
import { PrivateHost } from "../system/private-host.ts";
import { scratchPlaces } from "./scratch-places.ts";

/** Milliseconds of the watch's own clock between two ticks: longer than a change must last. */
const STEP_MS = 2_500;
/** Ticks after which nothing more is to come; together shorter than the look at every run. */
const TICKS_MAX = 12;
/** Names that are made and removed: twice as many reports as the kernel's queue holds. */
const FLOOD_NAMES = Number(fs.readFileSync("/proc/sys/fs/inotify/max_queued_events", "utf8"));
const ENOSPC = 28;

let host: PrivateHost;
let folder: string;
const at = (name: string): string => join(folder, name);
beforeAll(async () => {
  if (process.getuid?.() === 0) host = await PrivateHost.start();
});
afterAll(async () => await host?.close());

let children: ChildProcess[];
let watches: DriftWatch[];
let events: Event[];
let messages: string[];
let now: number;
beforeEach((context) => {
  needsRoot(context);
  [children, watches, events, messages, now] = [[], [], [], [], 1_000_000];
  folder = scratchFolder("drift", { above: IN_MEMORY });
  for (const name of ["certificates", "above", "above/below", "shared", "elsewhere"])
    fs.mkdirSync(at(name));
  for (const name of ["settings", "hosts", "own.pid", "above/below/key", "shared/held"])
    fs.writeFileSync(at(name), "");
});
afterEach(async () => {
  vi.restoreAllMocks();
  for (const watch of watches) watch.stop();
  for (const child of children) await end(child);
  fs.rmSync(host.at("run/drift.json"), { force: true });
});

async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, "close");
  child.kill("SIGKILL");
  await ended;
  const record = host.at(`run/runs/${child.pid}`);
  await vi.waitFor(() => expect(() => fs.readlinkSync(record)).toThrow(), { timeout: 60_000 });
  children = children.filter((one) => one !== child);
}

/** Of the single files and the directory that each domain may read. */
const names = ["settings", "hosts", "certificates/**", "above/below/key", "shared/held"];

/** Of single files that are not there at the start, and of which the last may never be read. */
const absent = ["later.conf", "later/below/key", "certificates/new.pem", "denied.conf"];

/** A sleeper in a sealed domain of its own, which may make its pid file itself. */
async function start(domain: string): Promise<ChildProcess> {
  host.policy(
    domain,
    `summary: a test
mediation: sealed
late-names: sealed
include: [base]
files:
  - rx /usr/bin/sleep
  - r ${names.map(at).join(" ")}
  - r ${absent.map(at).join(" ")}
  - deny r ${at("denied.conf")}
  - rwcd ${at("own.pid")}
inherit: [stdio]
syscalls: ["@system-service"]
`,
  );
  const front = join(root, "bin/cofferdam");
  const words = [...host.inside, front, "run", domain, "--", "/usr/bin/sleep", "900"];
  const child = spawn(words[0] ?? "", words.slice(1), { stdio: "ignore", cwd: "/" });
  children.push(child);
  const program = () => fs.readlinkSync(`/proc/${child.pid}/exe`);
  await vi.waitFor(() => expect(program()).toMatch(/bin\/sleep$/), { timeout: 60_000 });
  return child;
}

/** As an agent has it, but that the test is its clock. */
function watching(directoriesMax?: number): DriftWatch {
  const watch = new DriftWatch(
    {
      places: scratchPlaces(host.folder, root),
      tell: (event) => void events.push(event),
      log: (text) => void messages.push(text),
    },
    directoriesMax === undefined ? undefined : new WatchedDirectories(directoriesMax),
  );
  watches.push(watch);
  pass(watch);
  return watch;
}

/** Time passes, so that what has changed is told. */
function pass(watch: DriftWatch): void {
  for (let ticks = 0; ticks < TICKS_MAX; ticks++) {
    now += STEP_MS;
    watch.tick(now);
  }
}

/** What has been told since the last call, without the folder. */
function told(): readonly string[] {
  const some = events.map(({ domain, operation, object }) => {
    return `${domain}: ${object.replace(`${folder}/`, "")} ${operation}`;
  });
  events = [];
  return some;
}

function replace(path: string): void {
  fs.copyFileSync(path, `${path}.new`);
  fs.renameSync(`${path}.new`, path);
}

test("each change of a name is told once: replaced, gone, back, in a new directory", async () => {
  await start("told");
  const watch = watching();
  expect(told()).toEqual([]);
  replace(at("settings"));
  pass(watch);
  expect(events[0]).toMatchObject({
    class: "drift",
    verdict: "noted",
    level: "enforcing",
    process: { pid: children[0]?.pid },
    help: "cofferdam domain restart told",
  });
  expect(told()).toEqual(["told: settings replaced"]);
  fs.renameSync(at("hosts"), at("elsewhere/hosts"));
  fs.renameSync(at("above"), at("elsewhere/above"));
  pass(watch);
  expect(told().toSorted()).toEqual(["told: above/below/key gone", "told: hosts gone"]);
  fs.mkdirSync(at("above/below"), { recursive: true });
  pass(watch);
  expect(told()).toEqual([]);
  // The new directories are watched, and what appears in them is another file.
  fs.writeFileSync(at("above/below/key"), "");
  fs.renameSync(at("elsewhere/hosts"), at("hosts"));
  fs.renameSync(at("certificates"), at("elsewhere/certificates"));
  fs.mkdirSync(at("certificates"));
  pass(watch);
  expect(told().toSorted()).toEqual([
    "told: above/below/key replaced",
    "told: certificates replaced",
    "told: hosts restored",
  ]);
  pass(watch);
  expect(told()).toEqual([]);
});

test("a link in a name's place is another object, and is not followed", async () => {
  await start("links");
  const watch = watching();
  fs.renameSync(at("settings"), at("elsewhere/settings"));
  fs.symlinkSync(at("elsewhere/settings"), at("settings"));
  fs.renameSync(at("above"), at("elsewhere/above"));
  fs.symlinkSync(at("elsewhere/above"), at("above"));
  pass(watch);
  expect(told().toSorted()).toEqual([
    "links: above/below/key replaced",
    "links: settings replaced",
  ]);
});

test("a single name that was not there is told once when something gets it", async () => {
  await start("absent");
  const watch = watching();
  expect(told()).toEqual([]);
  for (const name of ["later.conf", "certificates/new.pem", "denied.conf", "own.pid"])
    fs.writeFileSync(at(name), "");
  fs.mkdirSync(at("later/below"), { recursive: true });
  pass(watch);
  // Below a granted directory the kernel's rule reaches it.
  expect(told()).toEqual(["absent: later.conf appeared"]);
  fs.writeFileSync(at("later/below/key"), "");
  replace(at("later.conf"));
  pass(watch);
  expect(told()).toEqual(["absent: later/below/key appeared"]);
  fs.rmSync(at("later.conf"));
  pass(watch);
  expect(told()).toEqual(["absent: later.conf restored"]);
});

test("nothing is told of a pid file, of a moment, of a restart, and after the end", async () => {
  const first = await start("quiet");
  const watch = watching();
  fs.rmSync(at("own.pid"));
  fs.writeFileSync(at("own.pid"), "1");
  fs.appendFileSync(at("settings"), "more");
  // Gone in one look, and there in the next.
  fs.renameSync(at("hosts"), at("elsewhere/hosts"));
  now += STEP_MS;
  watch.tick(now);
  now += STEP_MS;
  watch.tick(now);
  fs.renameSync(at("elsewhere/hosts"), at("hosts"));
  pass(watch);
  expect(told()).toEqual([]);
  replace(at("settings"));
  await end(first);
  await start("quiet");
  fs.rmSync(at("own.pid"));
  watch.runsChanged();
  pass(watch);
  expect(told()).toEqual([]);
  const { runs, directories } = watch.state;
  expect(runs).toBe(1);
  expect(directories).toBeGreaterThan(3);
  await end(children[0] as ChildProcess);
  fs.rmSync(at("hosts"));
  watch.runsChanged();
  pass(watch);
  expect(told()).toEqual([]);
  expect(watch.state).toMatchObject({ runs: 0, directories: 0 });
});

test("the next agent tells what changed meanwhile, and not what was told", async () => {
  await start("kept");
  const before = watching();
  replace(at("settings"));
  pass(before);
  expect(told()).toEqual(["kept: settings replaced"]);
  before.stop();
  replace(at("hosts"));
  const after = watching();
  expect(told()).toEqual(["kept: hosts replaced"]);
  const [run] = listRuns(host.at("run/runs"));
  expect(after.drifted("kept", run?.number ?? 0)).toBe(2);
});

test("a flood of names hides no drift elsewhere, though the kernel loses reports", async () => {
  await start("flooding");
  const watch = watching();
  for (let count = 0; count < FLOOD_NAMES; count++) {
    fs.mkdirSync(at("shared/x"));
    fs.rmdirSync(at("shared/x"));
  }
  replace(at("above/below/key"));
  pass(watch);
  expect(told()).toEqual(["flooding: above/below/key replaced"]);
});

test("a name that is replaced for ever is told ten times an hour, and hides no other", async () => {
  await start("often");
  const watch = watching();
  for (let count = 0; count < 15; count++) {
    replace(at("shared/held"));
    fs.rmSync(at("shared/held"));
    pass(watch);
    fs.writeFileSync(at("shared/held"), "");
    pass(watch);
  }
  replace(at("settings"));
  pass(watch);
  expect(events.filter(({ object }) => object === at("shared/held"))).toHaveLength(10);
  expect(events.findLast(({ object }) => object === at("shared/held"))?.help).toContain("an hour");
  expect(told()).toContain("often: settings replaced");
});

test("where no more directories can be watched, it is said, and looks find the drift", async () => {
  await start("limited");
  const watch = watching(2);
  expect(messages).toEqual([expect.stringContaining("directories are watched, and no more are")]);
  expect(watch.state.problems).toEqual(messages);
  expect(watch.state.directories).toBe(2);
  replace(at("settings"));
  pass(watch);
  expect(told()).toEqual([]);
  now += 300_000;
  pass(watch);
  expect(told()).toEqual(["limited: settings replaced"]);
  expect(messages).toHaveLength(1);
});

test("a host without inotify watches is named, and watched again once there are some", async () => {
  await start("exhausted");
  const refused = vi.spyOn(Inotify.prototype, "watch").mockImplementation(() => {
    throw new ErrnoError("inotify_add_watch", ENOSPC);
  });
  const watch = watching();
  expect(watch.state.problems).toEqual([expect.stringContaining("fs.inotify.max_user_watches")]);
  expect(watch.state.problems[0]).toContain("exhausted");
  refused.mockRestore();
  now += 300_000;
  pass(watch);
  expect(watch.state.problems).toEqual([]);
  replace(at("settings"));
  pass(watch);
  expect(told()).toEqual(["exhausted: settings replaced"]);
});
