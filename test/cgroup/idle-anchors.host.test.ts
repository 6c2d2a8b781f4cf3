import { existsSync, mkdirSync, rmdirSync } from "node:fs";
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

test("anchors that nobody needs go at the second look; those named, in use or prepared meanwhile stay", async () => {
  const named = (await arena.prepare(web)).anchor;
  const used = (await arena.prepare(other)).anchor;
  const plain = (await arena.prepare({ ...web, name: "plain" }, { judged: null })).anchor;
  const starting = (await arena.prepare({ ...web, name: "starting" })).anchor;
  const unknown = `${dirname(named)}/not-an-anchor`;
  for (const folder of [`${used}/1`, unknown]) mkdirSync(folder);
  const look = new IdleAnchors();
  const names = new Set([basename(named)]);
  const left = () => [named, used, plain, starting, unknown].map((path) => existsSync(path));
  expect(await look.look(dirname(named), names)).toBe(0);
  expect(left()).toEqual([true, true, true, true, true]);
  // A start that makes its plan: that is not written yet.
  await arena.prepare({ ...web, name: "starting" });
  expect(await look.look(dirname(named), names)).toBe(1);
  expect(left()).toEqual([true, true, false, true, true]);
  rmdirSync(`${used}/1`);
  expect(await look.look(dirname(named), names)).toBe(1);
  expect(left()).toEqual([true, true, false, false, true]);
  expect(await look.look(dirname(named), new Set())).toBe(1);
  expect(await look.look(dirname(named), new Set())).toBe(1);
  expect(left()).toEqual([false, false, false, false, true]);
});

test("where no control group was ever made there is nothing to do", async () => {
  expect(await new IdleAnchors().look(`${arena.cgroup2}/cofferdam`, new Set())).toBe(0);
});

test("a cgroup without programs that is prepared again counts as wanted", async () => {
  const { anchor } = await arena.prepare(web, { judged: null });
  const look = new IdleAnchors();
  await look.look(dirname(anchor), new Set());
  // Times of anchors are of milliseconds.
  for (const before = Date.now(); Date.now() === before; ) await new Promise(setImmediate);
  await arena.prepare(web, { judged: null });
  expect(await look.look(dirname(anchor), new Set())).toBe(0);
});
