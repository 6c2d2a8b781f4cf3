import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Ancestry } from "../../src/domains/ancestry.ts";
import type { Run } from "../../src/domains/runs.ts";

const run: Run = {
  domain: "tool",
  number: null,
  mode: "sealed",
  level: "enforcing",
  start: 50n,
  holder: 20,
  holderStart: 49n,
  live: false,
  pid: 10,
  holderState: "alive",
  daemonState: "alive",
  owner: process.getuid?.() ?? 0,
};

function family(...lines: readonly (readonly [pid: number, parent: number, start: number])[]) {
  return new Map(lines.map(([pid, parent, start]) => [pid, { parent, start: BigInt(start) }]));
}

const processes = family(
  [1, 0, 0],
  [5, 1, 30],
  [10, 5, 50],
  [11, 10, 60],
  [12, 11, 70],
  [20, 10, 49],
  [21, 20, 80],
  [30, 5, 55],
);

test("a daemon and all below it are the domain's, but for the holder and what it started", () => {
  const ancestry = new Ancestry(processes, [run]);
  const member = { domain: "tool", number: null, run: 10 };
  for (const pid of [12, 11, 10, 12]) expect(ancestry.of(pid)).toEqual(member);
  for (const pid of [1, 5, 20, 21]) expect(ancestry.of(pid)).toBe("superDom");
});

test("a process id given again makes nobody a member", () => {
  const later = new Map([...processes, [10, { parent: 5, start: 90n }] as const]);
  // 11 is older than who is called 10 now.
  expect(new Ancestry(later, [run]).of(11)).toBe("superDom");
  expect(new Ancestry(later, [run]).of(10)).toBe("superDom");
});

test("a torn reading with parents in a circle comes to an end", () => {
  const circle = family([2, 3, 60], [3, 2, 60]);
  expect(new Ancestry(circle, [run]).of(2)).toBe("superDom");
});

test("an orphan with a filter that is younger than a daemon of its user is unknown; one without is in no domain", () => {
  const filtered = /^Seccomp:\t2$/m.test(readFileSync("/proc/self/status", "utf8"));
  const orphan = new Map([...processes, [process.pid, { parent: 1, start: 99n }] as const]);
  expect(new Ancestry(orphan, [run]).of(process.pid)).toBe(filtered ? "unknown" : "superDom");
});
