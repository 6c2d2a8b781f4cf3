import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeEach, expect, test } from "vitest";
import { needsRoot, skipUnless } from "../support/skip.ts";
import { Front, NOBODY, type Who } from "./front.ts";

const front = new Front();
afterAll(() => front.close());
/** What the holder may hold, in KiB. */
const HOLDER_RSS_MAX = 1024;
/** Until the holder follows an event, in milliseconds. */
const SETTLE_MS = 60_000;
/** System call number of x86_64. */
const CLOSE_RANGE = 436;
const EPERM = 1;

beforeEach(() => {
  rmSync(join(front.work, "made"), { recursive: true, force: true });
  front.takeLog("mediator.log");
});

function start(
  rule: string,
  script: string,
  who: Who = "self",
): { daemon: ChildProcess; output: () => string } {
  front.setDist("mediator.rule", rule);
  const plan = front.plan();
  front.put(plan, who);
  const [command, ...args] = front.line(who, ["run", plan.domain, "--", "sh", "-c", script]);
  const daemon = spawn(command, args, { cwd: front.work, stdio: ["pipe", "pipe", "inherit"] });
  let text = "";
  daemon.stdout?.on("data", (data) => {
    text += data;
  });
  return { daemon, output: () => text };
}

/** Holders whose mediator or listener belongs to this front: found by the binary they execute. */
function holders(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => textOf(`/proc/${pid}/comm`) === "(cofferdam)\n")
    .map(Number);
}

/**
 * The holder of this front that was not there before; it may come to its name after the daemon has
 * begun.
 */
async function newHolder(before: ReadonlySet<number>): Promise<number> {
  const own = () =>
    holders().find(
      (pid) =>
        !before.has(pid) && textOf(`/proc/${pid}/cmdline`)?.startsWith(front.binary) === true,
    );
  await until(() => own() !== undefined);
  return own() as number;
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // A process of another test has ended meanwhile.
    return null;
  }
}

function status(pid: number, field: string): string {
  return (
    new RegExp(`^${field}:\\s+(.*)$`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ??
    ""
  );
}

async function until(what: () => boolean): Promise<void> {
  for (const end = Date.now() + SETTLE_MS; !what(); ) {
    if (Date.now() > end) throw new Error(`not within ${SETTLE_MS} ms: ${what}`);
    await sleep(10);
  }
}

async function result(rule: string, script: string): Promise<string> {
  const { daemon, output } = start(rule, script);
  await once(daemon, "close");
  return output();
}

test("a mediator starts at the first notification, with its descriptors and PATH", async () => {
  expect(await result("deny", "mkdir made 2>&1")).toContain("Operation not permitted");
  await until(() => textOf(join(front.dist, "mediator.log"))?.endsWith("end\n") === true);
  const log = front.takeLog("mediator.log");
  expect(log[0]).toMatch(/^start .* path \/usr\/local\/sbin/);
  expect(log.slice(1)).toEqual(["end"]);
  expect(existsSync(join(front.work, "made"))).toBe(false);
  expect(await result("continue", "mkdir made && echo made")).toBe("made\n");
  expect(existsSync(join(front.work, "made"))).toBe(true);
});

test("a daemon that never asks costs no mediator", async () => {
  await result("deny", "true");
  expect(front.takeLog("mediator.log")).toEqual([]);
});

/** What the mediators of a run wrote, each start and what it found. */
const starts = () =>
  front
    .takeLog("mediator.log")
    .filter((line) => line !== "end" && !line.startsWith("tells"))
    .map((line) => line.replace(/ pid.*/, ""));

test("a mediator that dies in a call has a successor at once, which finds the call", async () => {
  expect(await result("die-received,deny", "mkdir made 2>&1")).toContain("Operation not permitted");
  expect(starts()).toEqual(["start", "start", "found state 1"]);
  expect(await result("die-unmarked,deny", "mkdir made 2>&1")).toContain("Operation not permitted");
  expect(starts()).toEqual(["start", "start", "found state 0"]);
  expect(await result("die-done,deny", "mkdir made 2>&1")).toContain("Invalid cross-device link");
  expect(starts()).toEqual(["start", "start", "found state 3"]);
  expect(existsSync(join(front.work, "made"))).toBe(false);
});

test("mediators that die unanswered are replaced a few times, then all is denied", async () => {
  const text = await result("die", "mkdir a 2>&1; mkdir b 2>&1");
  expect(text.match(/Permission denied/g)).toHaveLength(2);
  expect(starts()).toHaveLength(5);
});

test("counts of mediators that died without a successor are reported, once", async () => {
  const told = () => front.takeLog("mediator.log").filter((line) => line.startsWith("tells"));
  const tells = async (rule: string, script: string) => {
    await result(rule, script);
    await until(() => textOf(join(front.dist, "mediator.log"))?.includes("tells") === true);
    return told();
  };
  expect(await tells("die", "mkdir a 2>&1; mkdir b 2>&1; mkdir c 2>&1")).toEqual([
    "tells given-up",
  ]);
  // No call follows.
  expect(await tells("die-counted", "mkdir a 2>&1; sleep 0.1")).toEqual(["tells untold"]);
  await result("die-counted,deny", "mkdir a 2>&1; mkdir b 2>&1");
  await until(() => textOf(join(front.dist, "mediator.log"))?.endsWith("end\n") === true);
  expect(told()).toEqual([]);
});

test("a mediator that cannot be started now is started for a later call", async (context) => {
  needsRoot(context);
  const before = new Set(holders());
  const script =
    "for i in 1 2 3 4 5 6 7; do mkdir a 2>&1; done; echo; read _; mkdir made && echo made";
  const { daemon, output } = start("continue", `read _; ${script}`, "nobody");
  const pid = await newHolder(before);
  const processes = (limit: string) =>
    execFileSync("setpriv", [
      ...[`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", "--"],
      ...["prlimit", `--pid=${pid}`, `--nproc=${limit}`],
    ]);
  const [limits = ""] =
    /(?<=Max processes +)\S+ +\S+/.exec(readFileSync(`/proc/${pid}/limits`, "latin1")) ?? [];
  processes("0:");
  daemon.stdin?.write("\n");
  await until(() => output().endsWith("\n\n"));
  expect(output()).toMatch(/^(.*Permission denied\n){7}\n$/);
  processes(`${limits.split(/ +/)[0]}:`);
  daemon.stdin?.end("\n");
  await once(daemon, "close");
  expect(output()).toMatch(/\nmade\n$/);
});

test("a call on which every mediator dies fails with EIO, what follows is denied", async () => {
  const text = await result("die-received", "mkdir a 2>&1; mkdir b 2>&1");
  expect(text).toMatch(/Input\/output error\n.*Permission denied\n$/);
  expect(starts().filter((line) => line === "start")).toHaveLength(5);
});

test("mediators that answered something are replaced for ever", async () => {
  await result("die-done", "for i in 1 2 3 4 5 6 7 8; do mkdir x 2>/dev/null; done");
  expect(starts().filter((line) => line === "start").length).toBeGreaterThan(8);
});

test("the holder: small, no child of the daemon, own session, ends with its domain", async () => {
  const before = new Set(holders());
  const { daemon, output } = start("continue", "echo $$ $PPID; read _; mkdir made; echo $?");
  await until(() => output() !== "");
  const pid = await newHolder(before);
  expect(output()).toBe(`${daemon.pid} ${process.pid}\n`);
  expect(Number.parseInt(status(pid, "VmRSS"), 10)).toBeLessThan(HOLDER_RSS_MAX);
  expect(status(pid, "PPid")).not.toBe(`${daemon.pid}`);
  expect(sessionOf(pid)).toBe(pid);
  expect(statSync(`/proc/${pid}/stat`).uid).toBe(0);
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.kill(pid, signal);
  daemon.stdin?.end("\n");
  await once(daemon, "close");
  expect(output()).toContain("\n0\n");
  await until(() => !existsSync(`/proc/${pid}`));
});

test("the holder keeps no descriptor of the daemon: a pipe ends with it", async () => {
  const script = "sleep 600 >/dev/null 2>&1 </dev/null & echo $!; exit 0";
  const { daemon, output } = start("continue", script);
  await once(daemon, "close");
  // Signals only a process that is still there.
  process.kill(Number(output()), "SIGKILL");
});

test("lack of memory takes the holder last and its mediator like any other", async (context) => {
  const own = readFileSync("/proc/self/oom_score_adj", "utf8");
  skipUnless(context, mayLowerOomScore(), "CAP_SYS_RESOURCE is missing");
  const before = new Set(holders());
  const { daemon, output } = start("continue", "mkdir made; cat /proc/$$/oom_score_adj; read _");
  await until(() => output() !== "");
  const pid = await newHolder(before);
  expect(readFileSync(`/proc/${pid}/oom_score_adj`, "utf8")).toBe("-1000\n");
  const mediator = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  expect(readFileSync(`/proc/${mediator}/oom_score_adj`, "utf8")).toBe("0\n");
  expect(output()).toBe(own);
  daemon.stdin?.end("\n");
  await once(daemon, "close");
});

test("a daemon that ends at once leaves children that are still served", async () => {
  for (let round = 0; round < 20; round++) {
    rmSync(join(front.work, "made"), { recursive: true, force: true });
    expect(await result("continue", "(sleep 0.05; mkdir made && echo made) & exit 0")).toBe(
      "made\n",
    );
  }
});

test("the daemon has no child it did not make", async () => {
  expect(
    await result("continue", 'read children < /proc/$$/task/$$/children; echo "[$children]"'),
  ).toBe("[]\n");
});

test("as process 1 of a namespace the daemon has its holder as a child", (context) => {
  needsRoot(context);
  const plan = front.plan();
  front.put(plan);
  // It takes its name after the daemon has begun.
  const script = `echo $$; read children < /proc/1/task/1/children
    for turn in $(seq 200); do
      names=$(cat $(printf '/proc/%s/comm ' $children))
      [ "$names" != cofferdam ] && break
      sleep 0.05
    done; echo "$names"`;
  const wrapper = ["unshare", "--pid", "--fork", "--mount-proc", "--"];
  const { stdout, stderr } = front.run("self", ["run", plan.domain, "--", "sh", "-c", script], {
    wrapper,
  });
  expect(stdout, stderr).toBe("1\n(cofferdam)\n");
});

test("a holder that is killed leaves failing calls, not open ones", async () => {
  const before = new Set(holders());
  const { daemon, output } = start("continue", "echo up; read _; mkdir made; echo $?");
  await until(() => output() !== "");
  process.kill(await newHolder(before), "SIGKILL");
  daemon.stdin?.end("\n");
  await once(daemon, "close");
  expect(output()).toMatch(/^up\n[1-9]/);
  expect(existsSync(join(front.work, "made"))).toBe(false);
});

test("a holder that cannot close what it was born with ends: calls fail and do not hang", () => {
  const plan = front.plan();
  front.put(plan);
  // The launcher closes from 5 on, the holder from 0.
  const wrapper = front.failing(CLOSE_RANGE, EPERM, [0, 0]);
  const { stdout } = front.run(
    "self",
    ["run", plan.domain, "--", "sh", "-c", "mkdir made; echo $?"],
    { wrapper },
  );
  expect(stdout).toMatch(/^[1-9]/);
  expect(existsSync(join(front.work, "made"))).toBe(false);
});

function sessionOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[3]);
}

test("nor where its caller made it the reaper of orphans, which it stays", () => {
  const plan = front.plan();
  front.put(plan);
  // PR_SET_CHILD_SUBREAPER is 36 (linux/prctl.h).
  const become =
    "import ctypes,os,sys; ctypes.CDLL(None).prctl(36,1,0,0,0); " +
    "os.execvp(sys.argv[1],sys.argv[1:])";
  const list = 'read children < /proc/$$/task/$$/children; echo "[$children]"';
  const script = `${list}; sh -c "sleep 0.2 & echo"; ${list}`;
  const result = front.run("self", ["run", plan.domain, "--", "sh", "-c", script], {
    wrapper: ["python3", "-c", become],
  });
  expect(result.stdout).toMatch(/^\[\]\n\n\[\d+ ?\]\n$/);
});

/** Puts it back at once. */
function mayLowerOomScore(): boolean {
  const path = "/proc/self/oom_score_adj";
  const now = readFileSync(path, "utf8");
  try {
    writeFileSync(path, `${Number(now) - 1}`);
    writeFileSync(path, now);
    return true;
  } catch {
    return false;
  }
}
