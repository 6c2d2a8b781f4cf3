import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import type { Plan } from "../../src/plan/plan.ts";
import { Front } from "./front.ts";
import { filterOf } from "./plan-fixture.ts";

const front = new Front();
afterAll(() => front.close());
beforeEach(() => {
  front.takeLog("mediator.log");
  rmSync(join(front.work, "made"), { recursive: true, force: true });
});

/** execve and mkdir of x86_64 wait for the mediator. */
const EXECVE = 59;
const MKDIR = 83;

function supervised(level: "enforcing" | "warning", attended = false): Plan {
  const plan = front.plan((base) => ({
    ...base,
    mode: "supervised",
    level,
    attended,
    landlock: null,
    seccomp: { filter: filterOf([EXECVE, MKDIR]), flags: 0, listener: true },
    identity: {
      ...base.identity,
      noNewPrivileges: level === "enforcing" || process.geteuid?.() !== 0,
    },
  }));
  front.put(plan);
  return plan;
}

/** Milliseconds of the fastest of some starts of `true`. */
function fastest(plan: Plan): number {
  const times = Array.from({ length: 10 }, () => {
    const begin = performance.now();
    expect(front.run("self", ["run", plan.domain, "--", "true"]).status).toBe(0);
    return performance.now() - begin;
  });
  return Math.min(...times);
}

/** What a holder waits for a launcher whose execve is notified unexpectedly, in milliseconds. */
const UNEXPECTED_MS = 100;

test.each([false, true])(
  "the launcher's own execve waits for the mediator and for nothing else, attended: %s",
  (attended) => {
    front.setDist("mediator.rule", "continue");
    const sealed = front.plan((base) => ({ ...base, attended }));
    front.put(sealed);
    const plan = supervised("enforcing", attended);
    const result = front.run("self", [
      "run",
      plan.domain,
      "--",
      "sh",
      "-c",
      "mkdir made && echo made",
    ]);
    expect(result.stdout, result.stderr).toBe("made\n");
    expect(front.takeLog("mediator.log").filter((line) => line.startsWith("start"))).toHaveLength(
      1,
    );
    expect(fastest(plan)).toBeLessThan(fastest(sealed) + UNEXPECTED_MS * 0.9);
  },
);

test("a container that refuses unshare(2) does not keep the holder from serving", () => {
  front.setDist("mediator.rule", "continue");
  const wrapper = front.failing(272, 1); // unshare of x86_64, EPERM
  const result = front.run("self", ["run", supervised("enforcing").domain, "--", "echo", "ran"], {
    wrapper,
  });
  expect(result.stdout, result.stderr).toBe("ran\n");
});

test("the mediator decides on it: a command that it refuses is not started", () => {
  front.setDist("mediator.rule", "deny");
  const result = front.run("self", [
    "run",
    supervised("enforcing").domain,
    "--",
    "sh",
    "-c",
    "echo ran",
  ]);
  expect(result.stderr).toMatch(/execute the command: .*EPERM/);
  expect([result.status, result.stdout]).toEqual([126, ""]);
});

test("there is no Landlock layer, and at warning no_new_privs only if needed", () => {
  front.setDist("mediator.rule", "continue");
  const plan = supervised("warning");
  const script =
    "cat /var/lib/dpkg/status >/dev/null && echo read; grep NoNewPrivs /proc/self/status";
  const result = front.run("self", ["run", plan.domain, "--", "sh", "-c", script]);
  expect(result.stdout).toBe(`read\nNoNewPrivs:\t${process.geteuid?.() === 0 ? 0 : 1}\n`);
});

/** What a daemon has open from 3 on, and whether 0 is. */
const list =
  'for i in /proc/self/fd/*; do readlink "$i"; done | grep -v /proc/; echo "$LISTEN_FDS"';

test("at warning inherited descriptors stay, closed ones too; enforcing acts as sealed", () => {
  front.setDist("mediator.rule", "continue");
  const file = join(front.work, "inherited");
  const run = (level: "enforcing" | "warning") =>
    execFileSync(
      "bash",
      [
        "-c",
        `exec 3<>${file} 200<>${file}.200; export LISTEN_FDS=1; exec "$@" <&-`,
        "bash",
        ...front.line("self", ["run", supervised(level).domain, "--", "sh", "-c", list]),
      ],
      { encoding: "utf8", cwd: front.work },
    );
  expect(run("warning").split("\n")).toEqual(expect.arrayContaining([file, `${file}.200`]));
  expect(run("warning")).not.toContain("/dev/null");
  expect(run("warning")).toMatch(/\n1\n$/);
  expect(run("enforcing")).not.toContain(file);
  expect(run("enforcing")).toMatch(/^\/dev\/null\n[\s\S]*\n\n$/);
});

test("only the daemon holds a descriptor that stayed: its other end sees the end", () => {
  front.setDist("mediator.rule", "continue");
  for (const attended of [false, true]) {
    const plan = supervised("warning", attended);
    const line = front.line("self", [
      "run",
      plan.domain,
      "--",
      "sh",
      "-c",
      "(sleep 90 >/dev/null 2>&1 <&- 9>&-) & exit 0",
    ]);
    const begin = Date.now();
    execFileSync("bash", ["-c", '("$@" 9>&1 >/dev/null 2>&1 &) | cat', "bash", ...line], {
      cwd: front.work,
    });
    expect(Date.now() - begin).toBeLessThan(80_000);
  }
});
