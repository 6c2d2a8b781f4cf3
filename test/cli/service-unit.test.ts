import { spawn } from "node:child_process";
import { expect, test } from "vitest";
import { unitOf, wordsOf } from "../../src/host/service-unit.ts";

const here = "/";
const nowhere = "/nowhere/systemd";

test("a unit is named only where systemd runs, and only for what it started", () => {
  const child = spawn("sleep", ["1000"], { stdio: "ignore" });
  try {
    expect(unitOf(1, ["a.service"], here)).toBeNull();
    expect(unitOf(child.pid ?? 0, ["a.service"], here)).toBeNull();
    expect(unitOf(child.pid ?? 0, [], here)).toBeNull();
    expect(unitOf(child.pid ?? 0, ["a.service"], nowhere)).toBeNull();
  } finally {
    child.kill("SIGKILL");
  }
});

test("a child of process 1 belongs to the unit", async () => {
  // The shell ends at once, and its child becomes process 1's, or that of whoever reaps for it
  // here.
  const shell = spawn("sh", ["-c", "sleep 30 & echo $!; exit"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = new Promise((resolve) => shell.once("exit", resolve));
  const pid = Number(await new Promise((resolve) => shell.stdout.once("data", resolve)));
  try {
    await ended;
    const { parent } = (await import("../../src/domains/proc-stat.ts")).readProcStat(pid) ?? {
      parent: 0,
    };
    expect(unitOf(pid, ["a.service"], here)).toBe(parent === 1 ? "a.service" : null);
  } finally {
    process.kill(pid, "SIGKILL");
  }
});

test.each([
  ["sleep\x001000\0", "sleep 1000"],
  ["nginx\0-g\0daemon off;\0", "nginx -g 'daemon off;'"],
  ["sh\0-c\0echo 'x'\0", "sh -c 'echo '\\''x'\\'''"],
  ["", null],
  ["redis-server *:6379\0\0\0", null],
  ["nginx: master process /usr/sbin/nginx\0\0", null],
])("%j is started again as %j", (line, words) => {
  expect(wordsOf(line)).toBe(words);
});
