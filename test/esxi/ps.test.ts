import { expect, test } from "vitest";
import type { ListedProcess } from "../../src/domains/processes.ts";
import { waitWord } from "../../src/esxi/ps/wait.ts";
import { renderWorlds } from "../../src/esxi/ps/worlds.ts";

const hostd: ListedProcess = {
  pid: 1050481,
  tid: 1050481,
  kind: "process",
  comm: "hostd",
  command: "hostd",
  state: "S",
  group: 1050481,
  seconds: 77.97,
  waits: "futex_do_wait",
  cpus: "0-11",
  confinement: {
    domain: "hostd",
    number: 49,
    run: 1050481,
    engine: "landlock",
    mode: "sealed",
    level: "enforcing",
    holder: "alive",
    filter: null,
  },
};
const worker: ListedProcess = {
  ...hostd,
  tid: 1050498,
  kind: "thread",
  comm: "hostd-worker",
  seconds: 3.76,
};
const loose: ListedProcess = {
  ...hostd,
  pid: 1,
  tid: 1,
  comm: "init",
  command: "/sbin/init -x",
  confinement: "superDom",
};
const kernel: ListedProcess = {
  ...loose,
  pid: 2,
  tid: 2,
  kind: "kernel",
  comm: "kthreadd",
  command: "[kthreadd]",
  waits: "kthreadd",
};

test("the original's columns: wide WorldName, threads as clones, domains as numbers", () => {
  expect(renderWorlds([hostd, worker, loose, kernel])).toBe(
    [
      `WID       CID       WorldName${" ".repeat(46)}GID      Type        State   Wait    CPU ` +
        "  Time       SecurityDomain  Command",
      `1050481   1050481   hostd${" ".repeat(50)}1050481  User        WAIT    UFUTEX  0-11  ` +
        "77.97      49              hostd",
      `1050498   1050481   hostd-worker${" ".repeat(43)}1050481  User,Clone  WAIT    UFUTEX  ` +
        "0-11  3.76       49              hostd",
      `1         1         init${" ".repeat(51)}1050481  User        WAIT    UFUTEX  0-11  ` +
        "77.97      0               /sbin/init -x",
      `2         2         kthreadd${" ".repeat(47)}1050481  System      WAIT    -       0-11 ` +
        " 77.97      0               [kthreadd]",
      "",
    ].join("\n"),
  );
});

test("a running world waits for nothing; an unknown domain has no number", () => {
  const row = (process: ListedProcess): string[] =>
    renderWorlds([process]).split("\n")[1]?.split(/ +/) ?? [];
  expect(row({ ...hostd, state: "R", waits: null }).slice(5, 7)).toEqual(["RUN", "-"]);
  expect(row({ ...hostd, state: "Z", waits: null }).slice(5, 7)).toEqual(["ZOMBIE", "-"]);
  expect(row({ ...hostd, confinement: "unknown" })[9]).toBe("-");
  const user = {
    ...hostd,
    confinement: { ...(hostd.confinement as object), number: null },
  } as ListedProcess;
  expect(row(user)[9]).toBe("-");
});

test("a long command moves no column, a wide affinity its own; names are escaped", () => {
  const wide = renderWorlds([
    { ...hostd, cpus: "0,2,4,6,8,10" },
    { ...worker, comm: "a\u001b[2Jb" },
  ]);
  expect(wide).toContain("0,2,4,6,8,10  77.97");
  expect(wide).not.toContain("\u001b");
});

test.each([
  ["futex_do_wait", "UFUTEX"],
  ["futex_wait_queue", "UFUTEX"],
  ["poll_schedule_timeout.constprop.0", "UPOL"],
  ["do_epoll_wait", "UPOL"],
  ["ep_poll", "UPOL"],
  ["do_select", "UPOL"],
  ["do_wait", "-"],
  ["pipe_read", "-"],
  [null, "-"],
])("asleep in %s is %s", (waits, word) => {
  expect(waitWord(waits)).toBe(word);
});
