import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { attachInUnit } from "../../src/agent/programs-in-unit.ts";
import { withDirectory } from "../../src/compile/cgroup/directory.ts";
import { attachedTags } from "../../src/kernel/bpf/attach.ts";
import { Arena, needsArena } from "../cgroup/arena.ts";
import { addressRule, policyOf } from "../cgroup/policies.ts";

let arena: Arena;
let process: ChildProcess;
/** The peer's unit. */
let unit: string;

beforeEach((context) => {
  needsArena(context);
  arena = new Arena();
  unit = join(arena.cgroup2, "web.service");
  mkdirSync(unit);
  process = spawn("sleep", ["600"]);
  writeFileSync(join(unit, "cgroup.procs"), String(process.pid));
});
afterEach(async () => {
  const ended = process === undefined || once(process, "exit");
  process?.kill("SIGKILL");
  await ended;
  arena?.remove();
});

const web = policyOf({ name: "web", addresses: [addressRule("connect tcp *:80")] });
const other = policyOf({ name: "other", addresses: [addressRule("connect tcp *:81")] });

function peer(more: { uid?: number; isAlive?: () => boolean } = {}) {
  return { pid: process.pid ?? -1, uid: 0, isAlive: () => true, ...more };
}

function makeRun(anchor: string): string {
  const run = join(unit, "cofferdam", basename(anchor), String(process.pid));
  mkdirSync(run, { recursive: true });
  return run;
}

function isThere(run: string, hook: number, tag: string): boolean {
  return withDirectory(run, (group) => attachedTags(group, hook).includes(tag));
}

test("a launcher's group gets every program of its anchor, and the agent names them", async () => {
  const { anchor, programs } = await arena.prepare(web);
  const run = makeRun(anchor);
  const asked = { peer: peer(), domain: "web", anchor: basename(anchor) };
  const named = await attachInUnit(asked, dirname(anchor));
  expect(programs.length).toBeGreaterThan(4);
  for (const { attachType, tag } of programs) {
    const hex = Buffer.from(tag).toString("hex");
    expect(named).toContain(`${attachType} ${hex}`);
    expect(isThere(run, attachType, hex)).toBe(true);
  }
  // Asked again, it attaches nothing twice.
  expect(await attachInUnit(asked, dirname(anchor))).toEqual(named);
  const [first] = programs;
  const tags = withDirectory(run, (group) => attachedTags(group, first?.attachType ?? 0));
  expect(tags).toHaveLength(1);
});

test("nothing is attached for another user, a dead peer, or a group not the peer's", async () => {
  const { anchor } = await arena.prepare(web);
  const theirs = await arena.prepare(other);
  const ask = (more: Partial<Parameters<typeof attachInUnit>[0]> = {}) =>
    attachInUnit(
      { peer: peer(), domain: "web", anchor: basename(anchor), ...more },
      dirname(anchor),
    );
  const run = makeRun(anchor);
  await expect(ask({ peer: peer({ uid: 1 }) })).rejects.toThrow("only root's launchers");
  await expect(ask({ peer: peer({ isAlive: () => false }) })).rejects.toThrow("has ended");
  const anothers = basename(theirs.anchor);
  await expect(ask({ anchor: anothers })).rejects.toThrow("starts nothing of `web` in a unit");
  await expect(ask({ domain: "other", anchor: anothers })).rejects.toThrow("there is no");
  // Of a process that is in no unit.
  writeFileSync(join(arena.cgroup2, "cgroup.procs"), String(process.pid));
  await expect(ask()).rejects.toThrow("in a unit");
  for (const { attachType, tag } of theirs.programs)
    expect(isThere(run, attachType, Buffer.from(tag).toString("hex"))).toBe(false);
  const hooks = theirs.programs.map(({ attachType }) => attachType);
  const tags = withDirectory(run, (group) => hooks.flatMap((hook) => attachedTags(group, hook)));
  expect(tags).toEqual([]);
});
