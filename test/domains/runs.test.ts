import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parseProcStat, readProcStat } from "../../src/domains/proc-stat.ts";
import { parseRunRecord } from "../../src/domains/run-record.ts";
import { listRuns, listUserRuns } from "../../src/domains/runs.ts";
import { sweepRuns } from "../../src/domains/sweep-runs.ts";
import { scratchFolder } from "../support/scratch.ts";

const folder = scratchFolder("runs");

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test("a record has seven to nine words, and nothing else is one", () => {
  expect(parseRunRecord("vm@web1 49 supervised warning 100 12 101 fixed")).toEqual({
    domain: "vm@web1",
    number: 49,
    mode: "supervised",
    level: "warning",
    start: 100n,
    holder: 12,
    holderStart: 101n,
    live: false,
    policy: null,
  });
  const tagged = "web 0 sealed enforcing 1 2 3 live";
  expect(parseRunRecord(`${tagged} 0123456789abcdef`)?.policy).toBe("0123456789abcdef");
  expect(parseRunRecord(`${tagged} 0000000000000000`)?.policy).toBeNull();
  expect(parseRunRecord("nginx 0 sealed enforcing 1 2 3")).toMatchObject({
    number: null,
    live: true,
  });
  for (const text of [
    "",
    "nginx",
    "nginx 0 sealed enforcing 1 2",
    "nginx 0 sealed enforcing 1 2 3 maybe",
    "nginx 0 sealed enforcing 1 2 3 live 0123",
    "ng inx 0 sealed enforcing 1 2 3",
    "nginx -1 sealed enforcing 1 2 3",
    "nginx 0 loose enforcing 1 2 3",
    "nginx 0 sealed strict 1 2 3",
    "../x 0 sealed enforcing 1 2 3",
    "\u001b]0;x\u0007 0 sealed enforcing 1 2 3",
    "nginx 0 sealed enforcing 1 2 3\n",
  ])
    expect(parseRunRecord(text)).toBeNull();
});

test("the name of a process may look like the rest of its line", () => {
  const text = "7 (a) R 1 (b) S 5 6 7 0 -1 2129984 0 0 0 0 30 12 0 0 20 0 1 0 4711 0 0";
  expect(parseProcStat(text)).toMatchObject({
    comm: "a) R 1 (b",
    state: "S",
    parent: 5,
    group: 6,
    ticks: 42,
    start: 4711n,
  });
  expect(parseProcStat("")).toBeNull();
});

test("a folder that is not there holds no runs", () => {
  expect(listRuns(join(folder, "none"))).toEqual([]);
});

test("a run is lost if its holder died, or if another process has the holder's id", async () => {
  const child = spawn("sleep", ["1000"], { stdio: "ignore" });
  try {
    const pid = child.pid ?? 0;
    const start = readProcStat(pid)?.start ?? 0n;
    const own = readProcStat(process.pid)?.start ?? 0n;
    symlinkSync(
      `tool 3 sealed enforcing ${start} ${process.pid} ${own}`,
      join(folder, String(pid)),
    );
    symlinkSync(`tool 3 sealed enforcing 1 ${process.pid} ${own + 1n}`, join(folder, "1"));
    writeFileSync(join(folder, "2"), "tool 3 sealed enforcing 1 1 1");
    symlinkSync("nonsense", join(folder, "3"));
    expect(listRuns(folder)).toEqual([
      expect.objectContaining({ pid: 1, holderState: "lost", daemonState: "gone" }),
      expect.objectContaining({
        pid,
        domain: "tool",
        number: 3,
        holderState: "alive",
        daemonState: "alive",
      }),
    ]);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(listRuns(folder)[1]).toMatchObject({ pid, daemonState: "gone", holderState: "alive" });
  } finally {
    child.kill("SIGKILL");
  }
});

describe("records that a killed holder left", () => {
  const runs = scratchFolder("left");
  const hierarchy = scratchFolder("groups");
  const groups = join(hierarchy, "cofferdam");
  afterAll(() => {
    for (const one of [runs, hierarchy]) rmSync(one, { recursive: true });
  });
  const own = readProcStat(process.pid)?.start ?? 0n;
  const gone = (): number => spawnSync("true").pid;
  /** As holder and daemon of other times would have written it. */
  const record = (pid: number, start: bigint, holder: number, holderStart: bigint): string => {
    const text = `web 7 supervised enforcing ${start} ${holder} ${holderStart} live`;
    rmSync(join(runs, String(pid)), { force: true });
    symlinkSync(text, join(runs, String(pid)));
    return text;
  };
  const group = (pid: number): string => join(groups, `web.${"0".repeat(16)}`, String(pid));

  test("are removed with their control groups", () => {
    const pid = gone();
    record(pid, 1n, pid, 1n);
    mkdirSync(group(pid), { recursive: true });
    expect(sweepRuns(runs, groups)).toBe(1);
    expect(readdirSync(runs)).toEqual([]);
    expect(existsSync(group(pid))).toBe(false);
  });

  test("are removed although another process has their id now, which loses nothing", () => {
    record(process.pid, own - 1n, process.pid, own - 1n);
    expect(sweepRuns(runs, groups)).toBe(1);
    // The process that has the id may be about to enter this one.
    record(process.pid, own - 1n, process.pid, own - 1n);
    mkdirSync(group(process.pid), { recursive: true });
    expect(sweepRuns(runs, groups)).toBe(0);
    expect(existsSync(group(process.pid))).toBe(true);
    rmSync(join(runs, String(process.pid)));
  });

  test("are taken up again if the agent was killed meanwhile; never replace a newer one", () => {
    const [pid, other] = [gone(), gone()];
    const newer = record(pid, 1n, process.pid, own);
    symlinkSync("web 7 supervised enforcing 1 1 1 live", join(runs, `${pid}.swept`));
    symlinkSync(
      `web 7 supervised enforcing 1 ${process.pid} ${own} live`,
      join(runs, `${other}.swept`),
    );
    writeFileSync(join(runs, "1.sweptly"), "");
    expect(sweepRuns(runs, groups)).toBe(0);
    expect(readdirSync(runs).sort()).toEqual(["1.sweptly", String(pid), String(other)].sort());
    expect(readlinkSync(join(runs, String(pid)))).toBe(newer);
    for (const name of readdirSync(runs)) rmSync(join(runs, name));
  });

  test("stay while the holder, the daemon or a process of its group is there", () => {
    const pid = gone();
    record(pid, 1n, process.pid, own);
    expect(sweepRuns(runs, groups)).toBe(0);
    record(process.pid, own, pid, 1n);
    expect(sweepRuns(runs, groups)).toBe(0);
    record(gone(), 1n, pid, 1n);
    expect(sweepRuns(runs, null)).toBe(0);
    rmSync(join(runs, String(process.pid)));
    // The kernel keeps a group as long as a process is in it; here a folder stands for the process.
    for (const name of readdirSync(runs))
      mkdirSync(join(group(Number(name)), "somebody"), { recursive: true });
    record(pid, 1n, pid, 1n);
    expect(sweepRuns(runs, groups)).toBe(0);
    expect(readdirSync(runs)).toHaveLength(2);
  });
});

describe("a user's folder of records", () => {
  const place = scratchFolder("user");
  const mine = join(place, "mine");
  const uid = process.getuid?.() ?? 0;
  mkdirSync(mine);
  symlinkSync("web 7 supervised enforcing 1 1 1 live", join(mine, "7"));
  afterAll(() => {
    rmSync(place, { recursive: true });
  });

  test("holds what lies in a folder of the user's", () => {
    expect(listUserRuns(mine, uid)).toMatchObject([{ pid: 7, domain: "web", owner: uid }]);
  });

  test("costs no more than a thousand names, however many are in it", () => {
    const full = join(place, "full");
    mkdirSync(full);
    for (let at = 1; at <= 1_500; at++)
      symlinkSync("web 7 supervised enforcing 1 1 1 live", join(full, String(at)));
    expect(listUserRuns(full, uid)).toHaveLength(1_000);
  });

  test("is ignored if it leads to another user's folder, or is no folder", () => {
    expect(listUserRuns(mine, uid + 1)).toEqual([]);
    const link = join(place, "link");
    symlinkSync(mine, link);
    expect(listUserRuns(link, uid + 1)).toEqual([]);
    const file = join(place, "file");
    writeFileSync(file, "");
    expect(listUserRuns(file, uid)).toEqual([]);
  });
});
