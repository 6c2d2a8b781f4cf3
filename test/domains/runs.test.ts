import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { parseProcStat, readProcStat } from "../../src/domains/proc-stat.ts";
import { parseRunRecord } from "../../src/domains/run-record.ts";
import { listRuns } from "../../src/domains/runs.ts";

const folder = mkdtempSync(join(tmpdir(), "cofferdam-runs-"));

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test("a record has seven words or eight, and nothing else is one", () => {
  expect(parseRunRecord("vm@web1 49 supervised warning 100 12 101 fixed")).toEqual({
    domain: "vm@web1",
    number: 49,
    mode: "supervised",
    level: "warning",
    start: 100n,
    holder: 12,
    holderStart: 101n,
    live: false,
  });
  expect(parseRunRecord("nginx 0 sealed enforcing 1 2 3")).toMatchObject({ number: null, live: true });
  for (const text of [
    "",
    "nginx",
    "nginx 0 sealed enforcing 1 2",
    "nginx 0 sealed enforcing 1 2 3 maybe",
    "ng inx 0 sealed enforcing 1 2 3",
    "nginx -1 sealed enforcing 1 2 3",
    "nginx 0 loose enforcing 1 2 3",
    "nginx 0 sealed strict 1 2 3",
    "../x 0 sealed enforcing 1 2 3",
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

test("a run whose holder died, or whose holder's process id was given again, has lost it", async () => {
  const child = spawn("sleep", ["1000"], { stdio: "ignore" });
  try {
    const pid = child.pid ?? 0;
    const start = readProcStat(pid)?.start ?? 0n;
    const own = readProcStat(process.pid)?.start ?? 0n;
    symlinkSync(`tool 3 sealed enforcing ${start} ${process.pid} ${own}`, join(folder, String(pid)));
    symlinkSync(`tool 3 sealed enforcing 1 ${process.pid} ${own + 1n}`, join(folder, "1"));
    writeFileSync(join(folder, "2"), "tool 3 sealed enforcing 1 1 1");
    symlinkSync("nonsense", join(folder, "3"));
    expect(listRuns(folder)).toEqual([
      expect.objectContaining({ pid: 1, holderState: "lost", daemonState: "gone" }),
      expect.objectContaining({ pid, domain: "tool", number: 3, holderState: "alive", daemonState: "alive" }),
    ]);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(listRuns(folder)[1]).toMatchObject({ pid, daemonState: "gone", holderState: "alive" });
  } finally {
    child.kill("SIGKILL");
  }
});
