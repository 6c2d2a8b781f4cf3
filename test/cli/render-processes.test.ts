import { expect, test } from "vitest";
import { renderProcesses } from "../../src/cli/render/processes.ts";
import type { Confinement } from "../../src/domains/confinement.ts";
import type { ListedProcess } from "../../src/domains/processes.ts";

const held: Confinement = {
  domain: "nginx",
  number: 49,
  run: 7,
  engine: "landlock",
  mode: "supervised",
  level: "enforcing",
  holder: "alive",
  filter: null,
};

function row(
  confinement: ListedProcess["confinement"],
  more: Partial<ListedProcess> = {},
): ListedProcess {
  const command = "nginx: master process";
  return {
    pid: 7,
    tid: 7,
    kind: "process",
    comm: "nginx",
    command,
    state: "S",
    group: 7,
    seconds: 0,
    waits: null,
    cpus: null,
    confinement,
    ...more,
  };
}

const table = (
  rows: readonly ListedProcess[],
  width: number | null = 80,
  threads = false,
): string => renderProcesses(rows, { width, threads, isEarlier: () => false });

test("a process that was switched to enforcing while it ran is supervised", () => {
  expect(table([row(held)])).toBe(
    "PID  NUMBER  DOMAIN  LEVEL      MODE        COMMAND\n  7      49  nginx   enforcing  " +
      "supervised  nginx: master process\n",
  );
});

test("a dead holder, a missing record and an orphan are named, with their meaning", () => {
  const text = table([
    row({ ...held, holder: "lost" }),
    row({ ...held, mode: null, level: null, holder: null, number: null }),
    row("unknown"),
  ]);
  expect(text).toMatch(/49 {2}nginx {4}enforcing {2}supervised, holder lost {2}nginx/);
  expect(text).toMatch(/- {2}nginx {4}\? {10}\? {24}nginx/);
  expect(text).toMatch(/\? {2}unknown {2}\?/);
  for (const note of [
    "holder lost: calls that the kernel cannot decide are refused",
    "?: the run has no record",
    "unknown: the process may be in a domain",
  ])
    expect(text).toContain(`\n${note}`);
  expect(text.split("\n").filter((line) => line.length > 80)).toEqual([]);
});

test("commands are cut at the screen's end, or not at all; none reaches the terminal raw", () => {
  const long = row(held, { command: `daemon ${"x".repeat(200)}` });
  expect(table([long]).split("\n")[1]).toMatch(/^.{79}…$/);
  expect(table([long], null)).toContain("x".repeat(200));
  expect(table([row(held, { command: "a\u001b[2J\u202eb" })], null)).toContain(
    "a\\u{1b}[2J\\u{202e}b",
  );
});

test("threads are named", () => {
  expect(table([row(held), row(held, { tid: 8, kind: "thread", comm: "worker" })], 80, true)).toBe(
    [
      "PID  TID  NUMBER  DOMAIN  LEVEL      MODE        COMMAND",
      "  7    7      49  nginx   enforcing  supervised  nginx: master process",
      "  7    8      49  nginx   enforcing  supervised  nginx: master process {worker}",
      "",
    ].join("\n"),
  );
});

test("what the kernel's engine holds has no record, and says so by its mode", () => {
  const inKernel = { ...held, run: null, engine: "bpf-lsm", mode: null, holder: null } as const;
  const text = table([row(inKernel)]);
  expect(text).toMatch(/49 +nginx +enforcing +kernel +nginx: master process/);
  expect(text).not.toContain("no record");
});
