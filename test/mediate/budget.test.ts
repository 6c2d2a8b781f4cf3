import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { needsRoot } from "../support/skip.ts";
import { type Built, buildAll } from "./build.ts";
import { startScene } from "./scene.ts";
import { toStart } from "./supervised/rules.ts";

const TIMEOUT_MS = 60_000;
/** As many as the mediator has slots for, but for those that are kept free. */
const WAITING = 60;
/** Of the mediator: few, so that one domain would soon have them all. */
const DESCRIPTORS_MAX = 1_024;
const OPENING_MS = 1_500;

let built: Built;
let hoard: string;
beforeAll(async () => {
  built = await buildAll();
  hoard = built.compile("hoard");
});
afterAll(() => built.remove());
beforeEach(needsRoot);

/** A shared mediator with a tree for its domains, which ends with all of them. */
async function withMediator<T>(use: (tree: string, socket: string, pid: number) => Promise<T>) {
  const tree = mkdtempSync(join(tmpdir(), "cofferdam-tree-"));
  mkdirSync(join(tree, "run"));
  mkdirSync(join(tree, "dir"));
  writeFileSync(join(tree, "file"), "");
  const socket = join(tree, "run/mediator.sock");
  const limit = `--nofile=${DESCRIPTORS_MAX}:${DESCRIPTORS_MAX}`;
  const command = [limit, process.execPath, built.mediator, "shared", socket];
  const mediator = spawn("prlimit", command, { stdio: "ignore", env: { PATH: "/usr/bin:/bin" } });
  try {
    while (!existsSync(socket)) await sleep(5);
    return await use(tree, socket, mediator.pid ?? 0);
  } finally {
    mediator.kill("SIGKILL");
    rmSync(tree, { recursive: true });
  }
}

test.each(["fifo", "connect", "rights"])(
  "while calls of one domain wait (%s), another domain is served",
  { timeout: TIMEOUT_MS },
  (way) =>
    withMediator(async (tree, socket, pid) => {
      const names = `rwcd ${tree}/**`;
      const sockets = ["listen", "connect"].map((what) => `${what} ${tree}/listener`);
      const rules = [...toStart(built), `rx ${hoard}`, names, ...sockets];
      const options = { supervised: "enforcing", rules, joins: socket } as const;
      const hostile = startScene(built, options, [hoard, way, `${WAITING}`], tree);
      try {
        while (!existsSync(join(tree, "waiting"))) await sleep(20);
        const innocent = startScene(built, options, [hoard, "open", `${OPENING_MS}`], tree);
        expect((await innocent.done).lines).toEqual(["opened all"]);
        expect(readdirSync(`/proc/${pid}/fd`).length).toBeLessThan(DESCRIPTORS_MAX / 2);
      } finally {
        hostile.process.kill("SIGKILL");
      }
    }),
);
