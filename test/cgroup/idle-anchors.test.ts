import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { IdleAnchors } from "../../src/compile/cgroup/idle-anchors.ts";
import { Arena, needsArena } from "./arena.ts";
import { addressRule, policyOf } from "./policies.ts";

let arena: Arena;
beforeEach((context) => {
  needsArena(context);
  arena = new Arena();
});
afterEach(() => arena?.remove());

const web = policyOf({ name: "web", addresses: [addressRule("connect tcp *:80")] });
const other = policyOf({ name: "web", addresses: [addressRule("connect tcp *:81")] });

test("unneeded anchors go at the second look; named, used and prepared ones stay", async () => {
  const named = (await arena.prepare(web)).anchor;
  const used = (await arena.prepare(other)).anchor;
  const plain = (await arena.prepare({ ...web, name: "plain" }, { judged: null })).anchor;
  const starting = (await arena.prepare({ ...web, name: "starting" })).anchor;
  const unknown = `${dirname(named)}/not-an-anchor`;
  for (const folder of [`${used}/1`, unknown]) mkdirSync(folder);
  const look = new IdleAnchors();
  const names = new Set([basename(named)]);
  const onRecord = () => true;
  const left = () => [named, used, plain, starting, unknown].map((path) => existsSync(path));
  expect(await look.look(dirname(named), names, onRecord)).toBe(0);
  expect(left()).toEqual([true, true, true, true, true]);
  // A start that makes its plan: that is not written yet.
  await arena.prepare({ ...web, name: "starting" });
  expect(await look.look(dirname(named), names, onRecord)).toBe(1);
  expect(left()).toEqual([true, true, false, true, true]);
  rmdirSync(`${used}/1`);
  expect(await look.look(dirname(named), names, onRecord)).toBe(1);
  expect(left()).toEqual([true, true, false, false, true]);
  expect(await look.look(dirname(named), new Set(), onRecord)).toBe(1);
  expect(await look.look(dirname(named), new Set(), onRecord)).toBe(1);
  expect(left()).toEqual([false, false, false, false, true]);
});

test("where no control group was ever made there is nothing to do", async () => {
  expect(await new IdleAnchors().look(`${arena.cgroup2}/cofferdam`, new Set(), () => true)).toBe(0);
});

test("a cgroup without programs that is prepared again counts as wanted", async () => {
  const { anchor } = await arena.prepare(web, { judged: null });
  const look = new IdleAnchors();
  await look.look(dirname(anchor), new Set(), () => true);
  // Times of anchors are of milliseconds.
  for (const before = Date.now(); Date.now() === before; ) await new Promise(setImmediate);
  await arena.prepare(web, { judged: null });
  expect(await look.look(dirname(anchor), new Set(), () => true)).toBe(0);
});

test("a group that no record names goes at the second look, unless it has a process", async () => {
  const { anchor } = await arena.prepare(web, { judged: null });
  const [recorded, past, starting, used] = ["11", "12", "13", "14"].map(
    (pid) => `${anchor}/${pid}`,
  );
  for (const group of [recorded, past, starting, used]) mkdirSync(group ?? "");
  const inside = spawn("sleep", ["900"], { stdio: "ignore" });
  try {
    writeFileSync(`${used}/cgroup.procs`, String(inside.pid));
    const look = new IdleAnchors();
    const names = new Set([basename(anchor)]);
    const onRecord = new Set([11]);
    const sweep = () => look.look(dirname(anchor), names, (pid) => onRecord.has(pid));
    const left = () => [recorded, past, starting, used].map((group) => existsSync(group ?? ""));
    await sweep();
    expect(left()).toEqual([true, true, true, true]);
    onRecord.add(13);
    await sweep();
    expect(left()).toEqual([true, false, true, true]);
  } finally {
    const ended = once(inside, "exit");
    inside.kill("SIGKILL");
    await ended;
  }
});
