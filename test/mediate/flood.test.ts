import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { EVENTS_NAMED_MAX, FOLD_FLUSH_MS } from "../../src/events/limits.ts";
import { scratchFolder } from "../support/scratch.ts";
import { type Built, buildAll } from "./build.ts";
import { runScene } from "./scene.ts";

/** More than Node and the code take, far less than a leak would. */
const MEMORY_KB_MAX = 160 * 1024;
const TIMEOUT_MS = 60_000;

let built: Built;
let tree: string;
let flood: string;
beforeAll(async () => {
  built = await buildAll();
  flood = built.compile("flood");
  tree = scratchFolder("tree");
  mkdirSync(join(tree, "shut"));
});
afterAll(() => {
  built.remove();
  rmSync(tree, { recursive: true });
});

/** Events and log size of `threads` times `calls` refusals. */
function run(threads: number, calls: number, kind: "same" | "different") {
  const done = runScene(
    built,
    { rules: ["r /none"], memory: true, timeoutMs: TIMEOUT_MS },
    [flood, `${threads}`, `${calls}`, kind],
    tree,
  );
  expect(done.stderr).toBe("");
  expect(done.lines[0]).toBe(`refused ${threads * calls} other 0`);
  const memory = Number(/^mediator: (\d+) kB$/.exec(done.lines[1] ?? "")?.[1]);
  expect(memory).toBeLessThan(MEMORY_KB_MAX);
  return done.events;
}

test("two thousand threads at once are all answered", { timeout: TIMEOUT_MS }, () => {
  const events = run(2_000, 5, "different");
  expect(events.length).toBeGreaterThan(0);
});

test("a flood of one refusal is one line and a count", { timeout: TIMEOUT_MS }, () => {
  const events = run(4, 10_000, "same");
  expect(events.length).toBeLessThan(10);
  expect(new Set(events.map(({ object }) => object))).toEqual(new Set([`${tree}/shut/file`]));
  expect(events.reduce((sum, { count }) => sum + count, 0)).toBe(40_000);
});

test("a flood of different refusals is bounded, and what got no line is counted", {
  timeout: TIMEOUT_MS,
}, () => {
  const events = run(4, 10_000, "different");
  const named = events.filter((event) => event.class === "name");
  const counted = events.filter((event) => event.operation === "folded");
  // The more often it is flushed meanwhile, the more are named.
  const times = events.map(({ time }) => Date.parse(time));
  const flushes = (Math.max(...times) - Math.min(...times)) / FOLD_FLUSH_MS;
  expect(named.length).toBeLessThanOrEqual((2 + flushes) * EVENTS_NAMED_MAX);
  expect(named.length).toBeLessThan(40_000);
  expect(named.length + counted.reduce((sum, event) => sum + event.count, 0)).toBe(40_000);
});
