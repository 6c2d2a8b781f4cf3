import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { root } from "../house/tree.ts";
import { needsRoot } from "../support/skip.ts";
import { PrivateHost } from "../system/private-host.ts";
import { mountsOf, ownMediatorsIn } from "./mediators.ts";

/** Longer than the mediator of a run that nobody attends has after its domain's end. */
const BUSY_MS = 4_000;

const front = join(root, "bin/cofferdam");
const policy = `include: [base]
files: [rx /usr/bin/dash]
inherit: [stdio, stdio-sockets]
syscalls: ["@system-service"]
`;

let host: PrivateHost;
let run: ChildProcess;
beforeEach(async (context) => {
  needsRoot(context);
  host = await PrivateHost.start();
});
afterEach(async () => {
  run?.kill("SIGKILL");
  await host?.close();
});

test("a mediator that is busy at the end of an attended run writes its summary later", async () => {
  const file = host.at("tool.yaml");
  const secret = host.at("secret");
  fs.writeFileSync(file, policy);
  fs.writeFileSync(secret, "kept\n");
  const script = `read x <${secret}; echo "$x"; read y`;
  const [program = "", ...args] = [
    ...host.inside,
    ...[front, "run", "--level", "warning", "--policy", file],
    ...["--", "/usr/bin/dash", "-c", script],
  ];
  run = spawn(program, args, { stdio: "pipe", cwd: "/" });
  let said = "";
  run.stderr?.on("data", (data) => {
    said += data;
  });
  let answer = "";
  run.stdout?.on("data", (data) => {
    answer += data;
  });
  await expect.poll(() => `${answer}${said}`).toBe("kept\n");
  const mounts = mountsOf(run.pid ?? 0) ?? "";
  const mediators = ownMediatorsIn(mounts);
  expect(mediators).toHaveLength(1);
  for (const pid of mediators) process.kill(pid, "SIGSTOP");
  const ended = once(run, "close");
  run.stdin?.end("\n");
  await pause(BUSY_MS);
  for (const pid of mediators)
    if (ownMediatorsIn(mounts).includes(pid)) process.kill(pid, "SIGCONT");
  expect(await ended).toEqual([0, null]);
  expect(said).toMatch(/cofferdam: tool: \d+ access(es)? outside the domain/);
});
