import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { domainOfProcess } from "../../src/domains/membership.ts";
import { readProcStat } from "../../src/domains/proc-stat.ts";
import { type ListedProcess, listProcesses } from "../../src/domains/processes.ts";
import { listRuns } from "../../src/domains/runs.ts";
import { findCgroup2 } from "../../src/kernel/probe/caller.ts";
import type { Level } from "../../src/model/policy.ts";
import { scratchFolder } from "../support/scratch.ts";
import { skipUnless } from "../support/skip.ts";

const cgroup2 = findCgroup2(readFileSync("/proc/self/mountinfo", "utf8"));
const top = `${cgroup2}/cofferdam`;
const domain = `listed${process.pid}@one`;
const anchor = join(top, `${domain}.0123456789abcdef`);
const runs = scratchFolder("listed");
const hadTop = existsSync(top);
const children: ChildProcess[] = [];

/** A process with two threads of its own in the domain's group, and a record of its run. */
function member(mode: string, live: string): number {
  const child = spawn(process.execPath, ["-e", "setTimeout(() => 0, 2 ** 30)"], {
    stdio: "ignore",
  });
  children.push(child);
  const pid = child.pid ?? 0;
  mkdirSync(join(anchor, String(pid)), { recursive: true });
  writeFileSync(join(anchor, String(pid), "cgroup.procs"), String(pid));
  const own = readProcStat(process.pid)?.start;
  const start = readProcStat(pid)?.start;
  symlinkSync(
    `${domain} 7 ${mode} warning ${start} ${process.pid} ${own} ${live}`,
    join(runs, String(pid)),
  );
  return pid;
}

function listed(
  pid: number,
  levelOf: (number: number) => Level | null,
  threads = false,
): readonly ListedProcess[] {
  const all = listProcesses({
    runs: listRuns(runs).map((run) => ({ ...run, owner: 0 })),
    levelOf,
    threads,
    details: true,
  });
  return all.filter((process) => process.pid === pid);
}

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    rmdirSync(join(anchor, String(child.pid)));
  }
  if (existsSync(anchor)) rmdirSync(anchor);
  if (!hadTop && existsSync(top)) rmdirSync(top);
  rmSync(runs, { recursive: true, force: true });
});

test("a process's domain is read from its group, its number from its run's record", (context) => {
  skipUnless(
    context,
    process.getuid?.() === 0 && cgroup2 !== null,
    "it needs root and control groups version 2",
  );
  mkdirSync(runs, { recursive: true });
  const pid = member("sealed", "live");
  expect(domainOfProcess(pid, runs)).toEqual({ domain, number: 7, run: pid });
  expect(domainOfProcess(process.pid, runs)).toBe("superDom");
  expect(domainOfProcess(2 ** 22 + 1, runs)).toBe("unknown");
  rmSync(join(runs, String(pid)));
  expect(domainOfProcess(pid, runs)).toEqual({ domain, number: null, run: pid });
  symlinkSync("other 9 sealed enforcing 1 1 1", join(runs, String(pid)));
  expect(domainOfProcess(pid, runs)).toEqual({ domain, number: null, run: pid });
});

test("a sealed process keeps its start's level, a supervised one has the table's", (context) => {
  skipUnless(
    context,
    process.getuid?.() === 0 && cgroup2 !== null,
    "it needs root and control groups version 2",
  );
  mkdirSync(runs, { recursive: true });
  const table = (number: number): Level | null => (number === 7 ? "enforcing" : null);
  const level = (pid: number, levelOf = table) => listed(pid, levelOf)[0]?.confinement;
  const sealed = member("sealed", "live");
  const supervised = member("supervised", "live");
  const fixed = member("supervised", "fixed");
  expect(level(sealed)).toMatchObject({
    mode: "sealed",
    level: "warning",
    number: 7,
    holder: "alive",
  });
  expect(level(supervised)).toMatchObject({ mode: "supervised", level: "enforcing" });
  expect(level(supervised, () => null)).toMatchObject({ mode: "supervised", level: "warning" });
  expect(level(fixed)).toMatchObject({ mode: "supervised", level: "warning" });
});

test("threads are rows with the process's domain; kernel threads are no processes", (context) => {
  skipUnless(
    context,
    process.getuid?.() === 0 && cgroup2 !== null,
    "it needs root and control groups version 2",
  );
  mkdirSync(runs, { recursive: true });
  const pid = member("sealed", "live");
  // Node starts its threads before it can be asked anything.
  let rows = listed(pid, () => null, true);
  while (rows.length < 3) rows = listed(pid, () => null, true);
  const [first, ...threads] = rows;
  expect(first).toMatchObject({ pid, tid: pid, kind: "process" });
  expect(threads.every(({ kind, tid }) => kind === "thread" && tid !== pid)).toBe(true);
  expect(
    threads.every(
      ({ confinement }) => typeof confinement !== "string" && confinement.domain === domain,
    ),
  ).toBe(true);
  expect(first?.command).toContain("setTimeout");
  const kernel = listProcesses({
    runs: [],
    levelOf: () => null,
    threads: true,
    details: false,
  }).filter(({ kind }) => kind === "kernel");
  expect(kernel.every(({ command, comm }) => command === `[${comm}]`)).toBe(true);
});

test("a user's record about a process of root's domains changes nothing", (context) => {
  skipUnless(
    context,
    process.getuid?.() === 0 && cgroup2 !== null,
    "it needs root and control groups version 2",
  );
  mkdirSync(runs, { recursive: true });
  const pid = member("supervised", "live");
  const [written] = listRuns(runs).map((run) => ({ ...run, owner: 0 }));
  if (written === undefined) throw new Error("there is no record");
  const forged = {
    ...written,
    owner: 1000,
    mode: "sealed",
    level: "disabled",
    number: 8,
    holderState: "lost",
  } as const;
  const options = { levelOf: () => null, threads: false, details: false };
  const confinement = listProcesses({ ...options, runs: [written, forged] }).find(
    (one) => one.pid === pid,
  )?.confinement;
  expect(confinement).toMatchObject({
    number: 7,
    mode: "supervised",
    level: "warning",
    holder: "alive",
  });
});
