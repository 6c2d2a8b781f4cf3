import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { scratchFolder } from "../support/scratch.ts";
import { needsRoot } from "../support/skip.ts";
import { type Built, buildAll } from "./build.ts";
import { endMediators, mediatorsOf, socketThere } from "./mediators.ts";
import { startScene } from "./scene.ts";
import { toStart } from "./supervised/rules.ts";

const TIMEOUT_MS = 120_000;
/** As many as the mediator has slots for, but for those that are kept free. */
const WAITING = 60;
/** Of the mediator: few, so that one domain would soon have them all. */
const DESCRIPTORS_MAX = 1_024;
const OPENING_MS = 1_500;
/** How long the kernel waits for the owner of a lease (fs.lease-break-time), milliseconds. */
const LEASE_MS_MAX = 1_000 * Number(readFileSync("/proc/sys/fs/lease-break-time", "utf8"));
/** LANDLOCK_ACCESS_FS_WRITE_FILE. */
const WRITE_RIGHT = 1n << 1n;

let built: Built;
let hoard: string;
beforeAll(async () => {
  built = await buildAll();
  hoard = built.compile("hoard");
});
afterAll(() => built.remove());
beforeEach(needsRoot);

/** A shared mediator with a tree for its domains, which ends with all of them. */
async function withMediator<T>(use: (tree: string, socket: string) => Promise<T>) {
  const tree = scratchFolder("tree");
  mkdirSync(join(tree, "run"));
  mkdirSync(join(tree, "dir"));
  writeFileSync(join(tree, "file"), "");
  const socket = join(tree, "run/mediator.sock");
  const limit = `--nofile=${DESCRIPTORS_MAX}:${DESCRIPTORS_MAX}`;
  const command = [limit, process.execPath, built.mediator, "shared", socket];
  spawn("prlimit", command, { stdio: "ignore", env: { PATH: "/usr/bin:/bin" } });
  try {
    await socketThere(socket);
    return await use(tree, socket);
  } finally {
    await endMediators(socket);
    rmSync(tree, { recursive: true });
  }
}

/** 0 for a process that is gone: one that was kept waiting is relieved by another. */
function descriptorsOf(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}

/** What comes of calls of a domain while those of a hostile one, of `mode`, wait. */
async function beside(way: string, mode: "sealed" | "supervised", count: number) {
  return withMediator(async (tree, socket) => {
    const names = `rwcd ${tree}/**`;
    const sockets = ["listen", "connect"].map((what) => `${what} ${tree}/listener`);
    const common = {
      rules: [...toStart(built), `rx ${hoard}`, names, ...sockets],
      joins: socket,
    };
    const supervised = { ...common, supervised: "enforcing" } as const;
    const writes = { path: tree, rights: WRITE_RIGHT };
    const sealed = { ...common, landlock: [writes] };
    const options = mode === "sealed" ? sealed : supervised;
    const begun = Date.now();
    const hostile = startScene(built, options, [hoard, way, `${count}`], tree);
    try {
      while (!existsSync(join(tree, "waiting")) && hostile.process.exitCode === null)
        await sleep(20);
      const innocent = startScene(built, supervised, [hoard, "open", `${OPENING_MS}`], tree);
      const { lines } = await innocent.done;
      const descriptors = Math.max(...mediatorsOf(socket).map(descriptorsOf));
      return { lines, descriptors, milliseconds: Date.now() - begun };
    } finally {
      hostile.process.kill("SIGKILL");
    }
  });
}

test.each(["fifo", "connect", "rights"])(
  "while calls of one domain wait (%s), another domain is served",
  { timeout: TIMEOUT_MS },
  async (way) => {
    const { lines, descriptors } = await beside(way, "supervised", WAITING);
    expect(lines).toEqual(["opened all"]);
    expect(descriptors).toBeLessThan(DESCRIPTORS_MAX / 2);
  },
);

test.each([
  ["truncate", "supervised"],
  ["create", "supervised"],
  ["create", "sealed"],
] as const)(
  "a lease that its owner keeps (%s, %s) delays no other domain",
  { timeout: TIMEOUT_MS },
  async (way, mode) => {
    const { lines, milliseconds } = await beside(way, mode, 1);
    expect(lines).toEqual(["opened all"]);
    expect(milliseconds).toBeLessThan(LEASE_MS_MAX / 2);
  },
);
