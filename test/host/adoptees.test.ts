/** Which processes `cofferdam adopt` takes, and which it never does. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, type TestContext, test, vi } from "vitest";
import { renderOutside } from "../../src/cli/commands/adopt.ts";
import { withDescendants, withItsOwn } from "../../src/domains/descendants.ts";
import {
  adopteesOf,
  callersOwn,
  requireAdoptable,
  requireOthers,
} from "../../src/host/adoptees.ts";
import { findCgroup2 } from "../../src/kernel/probe/caller.ts";
import { needsRoot, skipUnless } from "../support/skip.ts";

const cgroup2 = findCgroup2(readFileSync("/proc/self/mountinfo", "utf8"));
const top = join(cgroup2 ?? "/", `cofferdam-test-adoptees-${process.pid}`);
const started: ChildProcess[] = [];
const folders: string[] = [];

afterEach(async () => {
  const children = started.splice(0);
  const all = children.flatMap(({ pid = 0 }) => withDescendants(pid));
  for (const pid of all) process.kill(pid, "SIGKILL");
  for (const child of children) if (child.exitCode === null) await once(child, "exit");
  // A process that is not this one's child may be gone a moment later.
  for (const folder of folders.splice(0).reverse()) await vi.waitFor(() => rmdirSync(folder));
});

function needsGroups(context: TestContext): void {
  needsRoot(context);
  skipUnless(context, cgroup2 !== null, "there are no control groups version 2");
}

/** A process with `depth` descendants in a line: each id. */
async function line(depth: number): Promise<readonly number[]> {
  const command = 'n=$1; if [ "$n" -gt 0 ]; then sh -c "$0" "$0" $((n - 1)); :; fi; read -r _';
  const child = spawn("sh", ["-c", command, command, String(depth)], {
    stdio: ["pipe", "ignore", "inherit"],
  });
  started.push(child);
  const pid = child.pid ?? 0;
  await vi.waitFor(() => expect(withDescendants(pid)).toHaveLength(depth + 1));
  return withDescendants(pid);
}

function move(pid: number, group: string): void {
  let folder = top;
  for (const part of ["", ...group.split("/")]) {
    folder = join(folder, part);
    if (folders.includes(folder)) continue;
    mkdirSync(folder);
    folders.push(folder);
  }
  writeFileSync(join(folder, "cgroup.procs"), String(pid));
}

test("descendants in the same control group are taken, and a session is not", async (context) => {
  needsGroups(context);
  const [daemon = 0, worker = 0, login = 0, shell = 0] = await line(3);
  move(daemon, "ssh.service");
  move(worker, "ssh.service");
  move(login, "session-1.scope");
  move(shell, "session-1.scope");
  expect(withItsOwn(daemon)).toEqual([daemon, worker]);
  expect(adopteesOf([daemon])).toEqual({
    processes: [daemon, worker],
    callers: [],
    elsewhere: [login, shell],
  });
  // As the processes of a unit are named, each by itself.
  expect(adopteesOf([daemon, worker])).toEqual(adopteesOf([daemon]));
});

test("who has logged in by sshd adopts it, and never the own session", async (context) => {
  needsGroups(context);
  const [daemon = 0, login = 0, shell = 0, caller = 0] = await line(3);
  move(daemon, "ssh.service");
  for (const one of [login, shell, caller]) move(one, "session-1.scope");
  const own = callersOwn(caller);
  for (const one of [login, shell, caller, process.pid]) expect(own).toContain(one);
  expect(own).not.toContain(daemon);
  expect(own).not.toContain(1);
  expect(adopteesOf([daemon], own)).toMatchObject({ processes: [daemon], callers: [] });
  expect(() => requireOthers([daemon], caller)).not.toThrow();
  for (const one of [login, shell, caller])
    expect(() => requireOthers([daemon, one], caller)).toThrow(String(one));
  // A service of the user's own manager is part of the session.
  move(login, "user@1000.service");
  expect(callersOwn(caller)).toContain(login);
});

test("in the daemon's own control group the caller's ancestors stay outside", async (context) => {
  needsGroups(context);
  const [daemon = 0, shell = 0, caller = 0] = await line(2);
  for (const one of [daemon, shell, caller]) move(one, "ssh.service");
  expect(adopteesOf([daemon, shell, caller], callersOwn(caller))).toEqual({
    processes: [],
    callers: [daemon, shell, caller],
    elsewhere: [],
  });
  expect(() => requireOthers([daemon], caller)).toThrow(/was started from process/);
});

test("neither this process nor the host's first one, a kernel thread or none is named", () => {
  expect(() => requireOthers([process.pid])).toThrow(/is this command itself/);
  expect(() => requireOthers([process.ppid])).toThrow(/was started from process/);
  expect(() => requireOthers([1])).not.toThrow();
  expect(() => requireAdoptable(1)).toThrow(/host's first one/);
  expect(() => requireAdoptable(2 ** 22 + 1)).toThrow(/there is no process/);
});

test("nothing of the agent's unit is adopted", async (context) => {
  needsGroups(context);
  const [agent = 0] = await line(0);
  move(agent, "cofferdam-agent.service");
  expect(() => requireAdoptable(agent)).toThrow(/is in cofferdam-agent.service/);
  move(agent, "other.service");
  expect(() => requireAdoptable(agent)).not.toThrow();
});

test("the command says what it leaves outside, and of many how many", () => {
  expect(renderOutside({ callers: [], elsewhere: [] })).toBe("");
  expect(renderOutside({ callers: [7, 8], elsewhere: [] })).toMatch(
    /^Left outside, as this command or what it was started from: 7, 8\n.*systemd-run/,
  );
  const many = Array.from({ length: 12 }, (_, at) => at + 100);
  expect(renderOutside({ callers: [], elsewhere: many })).toMatch(/: 100, .*109 and 2 more\n$/);
});
