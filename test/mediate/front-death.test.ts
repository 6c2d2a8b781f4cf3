import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Event } from "../../src/events/event.ts";
import { ownMediator, processesThatHold, serves } from "../properties/confining-processes.ts";
import { scratchFolder } from "../support/scratch.ts";
import { needsRoot } from "../support/skip.ts";
import { killIfThere } from "../system/daemon.ts";
import { type Built, buildAll } from "./build.ts";
import { mediatorsIn, mountsOf, socketThere, stateOf } from "./mediators.ts";

const TIMEOUT_MS = 300_000;
/** Each costs the start of a mediator; `death.test.ts` kills more often, with its own holder. */
const KILLS = Number(process.env.COFFERDAM_FRONT_KILLS ?? 20);
/** Mediators that may have lost nothing when they were killed. */
const TRIES_MAX = 5;
/** Until what was lost is told, in milliseconds. */
const TOLD_MS = 10_000;
/** A mediator serves for so long at most, in milliseconds. */
const LIFE_MS_MAX = 60;
/**
 * It has answered something by then: five in a row that have not, and the holder goes on without.
 */
const LIFE_MS_MIN = 15;

const root = resolve(import.meta.dirname, "../..");

let built: Built;
let tree: string;
beforeAll(async () => {
  built = await buildAll();
  tree = scratchFolder("tree");
  for (const name of ["open", "run", "log", "lib"]) mkdirSync(join(tree, name));
});
/** A test that failed leaves them running. */
const left: ChildProcess[] = [];
/** In which a daemon was started. Its shared mediators outlive it. */
const usedMounts = new Set<string>();
afterEach(() => {
  for (const process of left.splice(0)) process.kill("SIGKILL");
  for (const mounts of usedMounts) for (const pid of mediatorsIn(mounts)) killIfThere(pid);
  usedMounts.clear();
});
afterAll(() => {
  built.remove();
  rmSync(tree, { recursive: true });
});

/**
 * A daemon under `bin/cofferdam run` that works without a pause, on a host whose places for
 * Cofferdam are its own.
 */
function startDaemon(mediation: "sealed" | "supervised"): ChildProcess {
  const survive = built.compile("survive");
  const policy = join(tree, "survive.yaml");
  writeFileSync(
    policy,
    [
      "summary: works without a pause",
      `mediation: ${mediation}`,
      "include: [base]",
      "files:",
      ...[`rx ${survive}`, `rwcd ${tree}/open/*`, `r ${tree}/open`, "r /proc/**"].map(
        (rule) => `  - ${rule}`,
      ),
      'syscalls: ["@system-service"]',
      "inherit: [stdio, stdio-sockets]",
      "",
    ].join("\n"),
  );
  return startInside("run", "--policy", policy, "--", survive);
}

/** `cofferdam ...` on such a host. */
function startInside(...words: readonly string[]): ChildProcess {
  const places = ["run", "log", "lib"].map(
    (name) => `/${name === "run" ? "" : "var/"}${name}/cofferdam`,
  );
  const mounts = places.map(
    (place) => `mkdir -p ${place} && mount --bind ${tree}/${place.split("/").at(-2)} ${place}`,
  );
  const script = `cd ${tree} && ${mounts.join(" && ")} && echo ready && read go && exec "$@"`;
  const run = [join(root, "bin/cofferdam"), ...words];
  const daemon = spawn(
    "unshare",
    ["-m", "--propagation", "private", "sh", "-c", script, "sh", ...run],
    {
      stdio: ["pipe", "pipe", "pipe"],
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", HOME: tree },
    },
  );
  left.push(daemon);
  return daemon;
}

/** The mediator of a run alone: its holder's child, or that of a front that stayed. */
async function waitForMediator(daemon: number): Promise<number> {
  for (;;) {
    const parents = [daemon, ...processesThatHold(daemon).holder];
    const found = parents.map(ownMediator).find((pid) => pid !== null);
    if (found != null) return found;
    await sleep(5);
  }
}

async function textOf(daemon: ChildProcess): Promise<() => string> {
  let text = "";
  for (const stream of [daemon.stdout, daemon.stderr])
    stream?.on("data", (data) => {
      text += data;
    });
  while (!text.includes("ready")) await sleep(5);
  usedMounts.add(mountsOf(daemon.pid ?? 0) ?? "");
  return () => text.replace("ready\n", "");
}

function expectTrue(text: string): void {
  const numbers = /^ok (\d+) unknown (\d+) wrong (\d+) descriptors (\d+)\n$/
    .exec(text)
    ?.slice(1)
    .map(Number);
  expect(text).toMatch(/^ok/);
  const [ok = 0, unknown = 0, wrong = -1] = numbers ?? [];
  expect(ok).toBeGreaterThan(KILLS);
  expect(wrong).toBe(0);
  expect(readdirSync(join(tree, "open"))).toEqual([]);
  const events = existsSync(join(tree, "log/events.jsonl"))
    ? readFileSync(join(tree, "log/events.jsonl"), "utf8")
    : "";
  expect(
    events.split("\n").filter((line) => line.includes('"outcome unknown"')).length,
  ).toBeGreaterThanOrEqual(unknown);
  rmSync(join(tree, "log/events.jsonl"), { force: true });
}

test.for(["sealed", "supervised"] as const)(
  "a %s run's own mediator, killed under load",
  {
    timeout: TIMEOUT_MS,
  },
  async (mediation, context) => {
    needsRoot(context);
    const daemon = startDaemon(mediation);
    const text = await textOf(daemon);
    daemon.stdin?.write("go\n");
    let last = 0;
    let holder: number | null = null;
    for (let count = 0; count < KILLS; ) {
      expect(daemon.exitCode).toBeNull();
      holder ??= processesThatHold(daemon.pid ?? 0).holder[0] ?? null;
      const mediator = holder === null ? null : ownMediator(holder);
      if (mediator !== null && mediator !== last) {
        await sleep(LIFE_MS_MIN + Math.random() * LIFE_MS_MAX);
        killIfThere(mediator);
        last = mediator;
        count += 1;
      }
      await sleep(5);
    }
    const ended = once(daemon, "close");
    daemon.kill("SIGUSR1");
    await ended;
    expectTrue(text());
  },
);

test("the host's mediator, killed under load", { timeout: TIMEOUT_MS }, async (context) => {
  needsRoot(context);
  const daemon = startDaemon("sealed");
  const text = await textOf(daemon);
  const start = () => {
    const command = [
      "-t",
      `${daemon.pid}`,
      "-m",
      "--",
      process.execPath,
      join(root, "dist/mediator.js"),
      "shared",
    ];
    const mediator = spawn("nsenter", command, { stdio: "ignore", env: { PATH: "/usr/bin:/bin" } });
    left.push(mediator);
    return mediator;
  };
  let started = start();
  await socketThere(join(tree, "run/mediator.sock"));
  // The active mediator: the one that was started, or the stand-by that took over from it.
  const active = () => Number(readFileSync(join(tree, "run/mediator.lock"), "utf8"));
  daemon.stdin?.write("go\n");
  let served = 0;
  let holder: number | null = null;
  for (let count = 0; count < KILLS; ) {
    expect(daemon.exitCode).toBeNull();
    holder ??= processesThatHold(daemon.pid ?? 0).holder[0] ?? null;
    // A holder that has waited a second for the successor takes one of its own. A busy machine may
    // have the active one retired: then it goes on for this domain alone.
    const own = holder === null ? null : ownMediator(holder);
    const mediators = mediatorsIn(mountsOf(daemon.pid ?? 0) ?? "");
    const serving = own ?? mediators.find(serves);
    if (serving !== undefined) {
      const isActive = serving === active();
      await sleep(LIFE_MS_MIN + Math.random() * LIFE_MS_MAX);
      killIfThere(serving);
      served += Number(isActive);
      count += 1;
    } else if (mediators.length === 0 && stateOf(started.pid ?? 0) === "Z") {
      // The last was killed before its stand-by was ready.
      started = start();
    }
    await sleep(5);
  }
  expect(served).toBeGreaterThan(0);
  const ended = once(daemon, "close");
  daemon.kill("SIGUSR1");
  expect(await ended).toEqual([0, null]);
  expectTrue(text());
});

describe("what a mediator had counted and not written when it was killed", () => {
  const events = (): Event[] => {
    const path = join(tree, "log/events.jsonl");
    const text = existsSync(path) ? readFileSync(path, "utf8") : "";
    return text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)]));
  };
  const failures = () => events().filter(({ verdict }) => verdict === "failed");
  const name = (event: Event) => event.operation;

  /**
   * It asks for what is not granted, without a pause: the first time is written at once, the others
   * are counted.
   */
  async function startAsking(...options: readonly string[]): Promise<ChildProcess> {
    for (const file of readdirSync(join(tree, "log"))) rmSync(join(tree, "log", file));
    const secret = join(tree, "secret");
    writeFileSync(secret, "");
    const policy = join(tree, "asker.yaml");
    writeFileSync(
      policy,
      [
        "summary: asks",
        "mediation: supervised",
        "include: [base]",
        "files: [rx /usr/bin/**]",
        'syscalls: ["@system-service"]',
        "inherit: [stdio, stdio-sockets]",
        "",
      ].join("\n"),
    );
    const script = 'while :; do read x <"$1"; done 2>&-';
    const daemon = startInside(
      "run",
      ...options,
      "--policy",
      policy,
      "--",
      "/usr/bin/dash",
      "-c",
      script,
      "sh",
      secret,
    );
    await textOf(daemon);
    daemon.stdin?.write("go\n");
    await expect.poll(() => events().length, { timeout: TIMEOUT_MS }).toBeGreaterThan(0);
    return daemon;
  }

  test("is told of a run that ends before another one is asked", async (context) => {
    needsRoot(context);
    // One that has just written what it counted loses nothing.
    for (let tries = 0; tries < TRIES_MAX && failures().length === 0; tries++) {
      const daemon = await startAsking();
      const mediator = await waitForMediator(daemon.pid ?? 0);
      daemon.kill("SIGSTOP");
      killIfThere(mediator);
      const ended = once(daemon, "close");
      daemon.kill("SIGKILL");
      await ended;
      for (let waited = 0; waited < TOLD_MS && failures().length === 0; waited += 50)
        await sleep(50);
    }
    expect(failures().map(name)).toEqual(["lost"]);
    expect(failures()[0]).toMatchObject({ domain: "asker", count: expect.any(Number) });
  });

  test("is reported at once for an attended run; later calls are refused", async (context) => {
    needsRoot(context);
    const daemon = await startAsking("--level", "enforcing");
    killIfThere(await waitForMediator(daemon.pid ?? 0));
    await expect
      .poll(() => failures().map(name), { timeout: TIMEOUT_MS })
      .toEqual(["lost", "mediator given up"]);
    const ended = once(daemon, "close");
    daemon.kill("SIGTERM");
    await ended;
  });
});
