import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import { needsRoot } from "../support/skip.ts";
import { Front, NOBODY } from "./front.ts";

/** The host's shared mediator, as the holder sees it; a stand-in, see fake-node.c. */
const front = new Front();
let server: ChildProcess | null = null;
afterAll(() => front.close());

beforeEach((context) => {
  needsRoot(context);
  rmSync(join(front.work, "made"), { recursive: true, force: true });
  front.takeLog("mediator.log");
});

afterEach(() => {
  server?.kill("SIGKILL");
  server = null;
  rmSync(front.socket, { force: true });
});

async function share(user: readonly string[] = []): Promise<void> {
  const line = [...user, front.node, "shared", front.socket, join(front.dist, "mediator.js")];
  server = spawn("env", line, { stdio: ["ignore", "pipe", "inherit"] });
  await once(server.stdout as NonNullable<typeof server.stdout>, "data");
}

function run(rule: string, script: string, ...options: string[]) {
  front.setDist("mediator.rule", rule);
  const plan = front.plan();
  front.put(plan);
  return front.run("self", ["run", ...options, plan.domain, "--", "sh", "-c", script]);
}

/** What mediators wrote, without their process ids. */
const log = () => front.takeLog("mediator.log").map((line) => line.replace(/ pid.*/, ""));

test("the holder hands its run to the shared mediator, which sees the domain end", async () => {
  await share();
  expect(run("deny", "mkdir made 2>&1").stdout).toContain("Operation not permitted");
  await ended();
  expect(log()).toEqual(["shared", "start", "end"]);
});

test("with --events the collector's pipe goes with it", async () => {
  await share();
  const { stdout } = run("deny", "mkdir made 2>/dev/null; true", "--events", "-");
  expect(stdout).toMatch(/\{"test":"native","pid":\d+\}\n/);
  expect(log()).toEqual(expect.arrayContaining(["shared", "descriptor 6"]));
});

test("without a socket the run has a mediator of its own at once", () => {
  expect(run("deny", "mkdir made 2>&1").stdout).toContain("Operation not permitted");
  expect(log()[0]).toBe("start");
});

/** Milliseconds of the fastest of some runs with one call that waits for a mediator. */
function fastest(): number {
  const times = Array.from({ length: 4 }, () => {
    const begin = performance.now();
    expect(run("deny", "mkdir made 2>&1").stdout).toContain("Operation not permitted");
    return performance.now() - begin;
  });
  return Math.min(...times);
}

/** What a holder waits for the successor of a mediator that it had, in milliseconds. */
const SUCCESSOR_MS = 1000;

test("a socket without a listener delays nothing: the run has its own mediator", async () => {
  const without = fastest();
  await share();
  await killed();
  expect(fastest()).toBeLessThan(without + SUCCESSOR_MS * 0.9);
  expect(log()[0]).toBe("start");
});

test("a holder whose shared mediator ended waits a little for its successor", async () => {
  await share();
  front.setDist("mediator.rule", "continue");
  const plan = front.plan();
  front.put(plan);
  const script = "mkdir made && echo made; read _; mkdir again && echo again";
  const [command, ...args] = front.line("self", ["run", plan.domain, "--", "sh", "-c", script]);
  const daemon = spawn(command, args, { cwd: front.work, stdio: ["pipe", "pipe", "inherit"] });
  const output = daemon.stdout as NonNullable<typeof daemon.stdout>;
  expect(String((await once(output, "data"))[0])).toBe("made\n");
  // It serves from a process of its own.
  const serving = front
    .takeLog("mediator.log")
    .flatMap((line) => /^start pid (\d+)/.exec(line)?.[1] ?? []);
  await killed();
  for (const pid of serving) process.kill(Number(pid), "SIGKILL");
  const again = once(output, "data");
  daemon.stdin?.end("\n");
  await sleep(SUCCESSOR_MS / 10);
  await share();
  expect(String((await again)[0])).toBe("again\n");
  expect(log()[0]).toBe("shared");
  rmSync(join(front.work, "again"), { recursive: true });
});

async function killed(): Promise<void> {
  server?.kill("SIGKILL");
  await once(server as ChildProcess, "exit");
}

test("a mediator that refuses a run leaves it one of its own", async () => {
  await share();
  expect(run("refuse,refuse,deny", "mkdir made 2>&1; mkdir made 2>&1").stdout).toMatch(
    /(.*Operation not permitted\n){2}/,
  );
  // It is not asked a third time.
  expect(log().slice(0, 3)).toEqual(["start refused", "start refused", "start"]);
});

test("a mediator that dies before it accepts a run leaves the run to its successor", async () => {
  await share();
  expect(run("refuse,deny", "mkdir made 2>&1").stdout).toContain("Operation not permitted");
  expect(log().slice(0, 3)).toEqual(["start refused", "shared", "start"]);
});

test("a mediator that dies in a call: its successor takes over what it left", async () => {
  await share();
  const { stdout } = run("die-done,die-received,deny", "mkdir a 2>&1; mkdir b 2>&1; mkdir c 2>&1");
  expect(stdout).toMatch(
    /a.*Invalid cross-device link\n.*b.*Operation not permitted\n.*c.*Operation not permitted\n/,
  );
  await ended();
  expect(log()).toEqual([
    "shared",
    "start",
    "shared",
    "start",
    "found state 3",
    "shared",
    "start",
    "found state 1",
    "end",
  ]);
});

test("a connection that ends beside the next one leads to no second hand-over", async () => {
  await share();
  const { stdout } = run("succeeds-twice,deny", "mkdir made 2>&1");
  expect(stdout).toContain("Operation not permitted");
  await ended();
  expect(log()).toEqual(["shared", "start", "end"]);
});

test("a call that ends every mediator ends the shared one twice at most", async () => {
  await share();
  const { stdout } = run("die-received", "mkdir a 2>&1; mkdir b 2>&1");
  expect(stdout).toMatch(/Input\/output error\n.*Permission denied\n/);
  expect(log().filter((line) => line === "shared")).toHaveLength(2);
});

test("a socket that another user serves is not believed", async () => {
  chownSync(front.folder, NOBODY, NOBODY);
  await share(["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", "--"]);
  expect(run("deny", "mkdir made 2>&1").stdout).toContain("Operation not permitted");
  chownSync(front.folder, 0, 0);
  expect(log()[0]).toBe("start");
});

test("an attended run has its own", async () => {
  await share();
  front.setDist("mediator.rule", "deny");
  const plan = front.plan((base) => ({ ...base, attended: true }));
  front.put(plan);
  front.run("self", ["run", plan.domain, "--", "sh", "-c", "mkdir made"]);
  expect(log()[0]).toBe("start");
});

/** The stand-in writes the end of a domain after the daemon's. */
async function ended(): Promise<void> {
  const path = join(front.dist, "mediator.log");
  while (!front.runWith(["sh", "-c", `cat ${path}`]).endsWith("end\n")) await sleep(10);
}
