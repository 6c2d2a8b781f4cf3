import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { root } from "../house/tree.ts";
import { needsRoot } from "../support/skip.ts";
import { PrivateHost } from "./private-host.ts";

const front = join(root, "bin/cofferdam");
const policy = `level: warning
include: [base]
files: [rx /usr/bin/**]
inherit: [stdio, stdio-sockets]
syscalls: ["@system-service"]
`;
let host: PrivateHost;
const started: ChildProcess[] = [];
beforeEach(async (context) => {
  needsRoot(context);
  host = await PrivateHost.start();
});
afterEach(async () => {
  for (const one of started) one.kill("SIGKILL");
  await host?.close();
});

function start(...words: readonly string[]): ChildProcess {
  const [program = "", ...args] = [...host.inside, front, ...words];
  const one = spawn(program, args, { cwd: "/", stdio: "ignore" });
  started.push(one);
  return one;
}

test("the agent goes back to warning for a killed watch", async () => {
  host.policy("daily", policy);
  await host.agent();
  start("run", "daily", "--", "/usr/bin/sleep", "600");
  const shown = () => host.ask("GET", "/domains/daily");
  await expect.poll(async () => (await shown()).runs).toBe(1);
  const watch = start("enforce", "daily", "--anyway", "--watch", "1s");
  await expect.poll(async () => (await shown()).level).toBe("enforcing");
  const ended = once(watch, "exit");
  watch.kill("SIGKILL");
  await ended;
  expect((await shown()).until).not.toBeNull();
  await vi.waitFor(
    async () => expect(await shown()).toMatchObject({ level: "warning", until: null }),
    { timeout: 100_000, interval: 500 },
  );
});
