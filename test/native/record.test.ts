import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { PERMISSION_BITS, PRIVATE_FOLDER, SHARED_FOLDER } from "../../src/base/modes.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { needsRoot } from "../support/skip.ts";
import { Front, NOBODY, type Who } from "./front.ts";

const front = new Front();
afterAll(() => front.close());
/** Until a holder follows its domain, in milliseconds. */
const SETTLE_MS = 60_000;
const isRoot = process.geteuid?.() === 0;

function runs(who: Who): string {
  return join(front.runtimeOf(who), "cofferdam/runs");
}

/** A daemon that has printed its process id and waits for a line. */
async function daemon(
  plan: Plan,
  who: Who,
  ...options: string[]
): Promise<{ process: ChildProcess; pid: number }> {
  front.put(plan, who);
  const [command, ...args] = front.line(who, [
    "run",
    ...options,
    plan.domain,
    "--",
    "sh",
    "-c",
    "echo $$; read _; exit 0",
  ]);
  const started = spawn(command, args, { cwd: front.work, stdio: ["pipe", "pipe", "inherit"] });
  const [first] = await once(started.stdout as NonNullable<typeof started.stdout>, "data");
  return { process: started, pid: Number.parseInt(String(first), 10) };
}

/** Field 22 of proc_pid_stat(5). */
function startOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}

async function gone(path: string): Promise<void> {
  for (
    const end = Date.now() + SETTLE_MS;
    lstatSync(path, { throwIfNoEntry: false }) !== undefined;
    await sleep(10)
  ) {
    if (Date.now() > end) throw new Error(`still there: ${path}`);
  }
}

async function end(started: ChildProcess): Promise<void> {
  const over = once(started, "close");
  started.stdin?.end("\n");
  await over;
}

describe.each<Who>(isRoot ? ["self", "nobody"] : ["self"])("the record of a run, as %s", (who) => {
  test.each([false, true])(
    "names the run, its start and its holder; it is removed with the run (attended: %s)",
    async (attended) => {
      const policyTag = "0123456789abcdef";
      const plan = front.plan((base) => ({ ...base, number: 7, policyTag, attended }));
      const { process: started, pid } = await daemon(plan, who);
      const record = join(runs(who), `${pid}`);
      const words = readlinkSync(record).split(" ");
      const holder = Number(words[5]);
      expect(startOf(holder)).toBe(words[6]);
      const changes = isRoot && who === "self" ? "live" : "fixed";
      expect(words).toEqual([
        plan.domain,
        "7",
        "sealed",
        "enforcing",
        startOf(pid),
        `${holder}`,
        startOf(holder),
        changes,
        policyTag,
      ]);
      expect(attended ? pid !== started.pid : pid === started.pid).toBe(true);
      await end(started);
      await gone(record);
    },
  );

  test("a level that was asked for does not change", async () => {
    const plan = front.plan((base) => ({ ...base, number: 7 }));
    const level = { ...plan, level: "enforcing" } as const;
    front.put(level, who);
    const choice = [plan.domain, "", "--level", "enforcing"];
    const path = front.planPath(plan.domain, who, choice);
    front.put(level, who, front.bytes(level, who, choice), path);
    const { process: started, pid } = await daemon(level, who, "--level", "enforcing");
    expect(readlinkSync(join(runs(who), `${pid}`))).toMatch(/ fixed 0{16}$/);
    await end(started);
  });

  test("a start that fails later leaves none", async () => {
    const plan = front.plan();
    front.put(plan, who);
    const before = new Set(front.runWith(["ls", runs(who)]).split("\n"));
    const result = front.run(who, ["run", plan.domain, "--", "true"], {
      wrapper: front.failing(444, 95),
    });
    expect(result.status).toBe(125);
    const left = () =>
      front.runWith(["sh", "-c", `ls -l ${runs(who)} | grep -c ' ${plan.domain} ' || true`]).trim();
    for (const limit = Date.now() + SETTLE_MS; left() !== "0" && Date.now() < limit; )
      await sleep(10);
    expect(left()).toBe("0");
    expect(before.size).toBeGreaterThan(0);
  });
});

function refused(plan: Plan, who: Who, message: RegExp, wrapper: readonly string[] = []): void {
  front.put(plan, who);
  const result = front.run(who, ["run", plan.domain, "--", "echo", "ran"], { wrapper });
  expect(result.stderr).toMatch(message);
  expect([result.status, result.stdout]).toEqual([125, ""]);
}

test("without a place that only root or the user may write nothing starts", (context) => {
  needsRoot(context);
  const folder = runs("nobody");
  const message =
    /make the record of this run: .*runs: EACCES.*\n {2}help: `cofferdam ps` finds runs there/;
  rmSync(folder, { recursive: true, force: true });
  front.put(front.plan(), "nobody");
  mkdirSync(folder);
  refused(front.plan(), "nobody", message);
  chownSync(folder, NOBODY, NOBODY);
  chmodSync(folder, SHARED_FOLDER);
  refused(front.plan(), "nobody", /trust the folder of runs: .*EPERM/);
  rmSync(folder, { recursive: true });
  symlinkSync(front.work, folder);
  refused(front.plan(), "nobody", /make the record of this run: .*runs: (ELOOP|ENOTDIR)/);
  rmSync(folder);
  const plan = front.plan();
  front.put(plan, "nobody");
  expect(front.run("nobody", ["run", plan.domain, "--", "echo", "ran"]).stdout).toBe("ran\n");
  expect(lstatSync(folder).mode & PERMISSION_BITS).toBe(PRIVATE_FOLDER);
});

test("the folder is as it should be whatever the caller's umask, which stays", (context) => {
  needsRoot(context);
  rmSync(runs("nobody"), { recursive: true, force: true });
  const plan = front.plan();
  front.put(plan, "nobody");
  const wrapper = ["sh", "-c", 'umask 0777; exec "$@"', "sh"];
  const result = front.run("nobody", ["run", plan.domain, "--", "sh", "-c", "umask"], { wrapper });
  expect(result.stdout, result.stderr).toBe("0777\n");
  expect(lstatSync(runs("nobody")).mode & PERMISSION_BITS).toBe(PRIVATE_FOLDER);
});

test("where /proc hides other processes, an ordinary user's runs start all the same", (context) => {
  needsRoot(context);
  const plan = front.plan();
  front.put(plan, "nobody");
  const hide =
    "mount -t proc -o hidepid=invisible proc /proc; " +
    'for i in 1 2 3 4 5 6 7 8 9 10; do "$@" || exit 1; done';
  const line = front.line("nobody", ["run", plan.domain, "--", "echo", "ran"]);
  const text = front.runWith([
    "unshare",
    "--pid",
    "--mount",
    "--fork",
    "--mount-proc",
    "sh",
    "-c",
    hide,
    "sh",
    ...line,
  ]);
  expect(text).toBe("ran\n".repeat(10));
});

test("without /proc nothing starts, with what to do", (context) => {
  needsRoot(context);
  const wrapper = ["unshare", "--mount", "sh", "-c", 'umount -l /proc && exec "$@"', "sh"];
  const domain = front.domain();
  const none = front.run("self", ["run", domain, "--", "echo", "ran"], { wrapper });
  expect(none.stderr).toMatch(
    /start the compiler: \/proc\/self\/stat: ENOENT.*\n {2}help: mount \/proc/,
  );
  expect([none.status, none.stdout]).toEqual([125, ""]);
  refused(
    front.plan(),
    "self",
    /verify that no other descriptor is open: \/proc\/self\/fd: ENOENT.*\n {2}help: mount \/proc/,
    wrapper,
  );
});

/** symlinkat of x86_64, and a full disk. */
const SYMLINKAT = 266;
const ENOSPC = 28;

test("a record that cannot be made refuses the start", () => {
  refused(
    front.plan(),
    "self",
    /make the record of this run: .*ENOSPC/,
    front.failing(SYMLINKAT, ENOSPC),
  );
});

test("a domain whose record would be cut is refused", () => {
  const policy = join(front.work, "long.yaml");
  const plan = front.plan((base) => ({ ...base, domain: "x".repeat(250) }));
  const choice = ["long", policy];
  front.put(
    plan,
    "self",
    front.bytes(plan, "self", choice),
    front.planPath("long", "self", choice),
  );
  const result = front.run("self", ["run", "--policy", policy, "--", "echo", "ran"]);
  expect(result.stderr).toMatch(/make the record of this run: x{250}: ENAMETOOLONG/);
  expect([result.status, result.stdout]).toEqual([125, ""]);
});

test("what a process of the same id left is replaced", () => {
  const plan = front.plan();
  front.put(plan);
  const leave = `ln -s left ${runs("self")}/$$; exec "$@"`;
  const result = front.run(
    "self",
    ["run", plan.domain, "--", "sh", "-c", `readlink ${runs("self")}/$$`],
    {
      wrapper: ["sh", "-c", leave, "sh"],
    },
  );
  expect(result.stdout, result.stderr).toMatch(new RegExp(`^${plan.domain} 0 sealed enforcing `));
});

test("a record that a later process of the same id made its own stays", async () => {
  const { process: started, pid } = await daemon(front.plan(), "self");
  const record = join(runs("self"), `${pid}`);
  const later = readlinkSync(record).replace(/^native/, "NATIVE");
  const holder = Number(later.split(" ")[5]);
  rmSync(record);
  symlinkSync(later, record);
  await end(started);
  await gone(`/proc/${holder}`);
  expect(readlinkSync(record)).toBe(later);
  rmSync(record);
});
