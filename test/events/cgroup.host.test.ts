import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { EVENTS_NAMED_MAX } from "../../src/events/limits.ts";
import { Arena, needsArena } from "../cgroup/arena.ts";
import { policyOf } from "../cgroup/policies.ts";
import { makeStage, type Stage } from "./confined.ts";

let stage: Stage;
let arena: Arena;
beforeAll(() => {
  stage = makeStage();
});
afterAll(() => {
  arena?.remove();
  stage.remove();
});
beforeEach((context) => {
  needsArena(context);
  arena ??= new Arena();
});

test("refusals of the run's cgroup programs become exactly counted events", async () => {
  const cgroup = await arena.prepare(policyOf({}));
  const { pid, events } = await stage.run(["udp", "10000", "sleep", "300", "udp", "23"], {
    cgroup,
  });
  const refused = events.filter((event) => event.class !== "lifecycle");
  expect(refused[0]).toMatchObject({
    domain: "web",
    source: "kernel",
    verdict: "denied",
    class: "address",
    operation: "connect",
    object: "udp 127.0.0.1:53",
    process: { pid, uid: 0, comm: "confined" },
    reason: "no-rule",
    request: { class: "address", protocol: "udp", address: "7f000001", port: 53 },
    allow: { section: "network", line: "connect udp 127.0.0.1:53" },
  });
  expect(new Set(refused.map(({ object }) => object))).toEqual(new Set(["udp 127.0.0.1:53"]));
  expect(refused.reduce((sum, { count }) => sum + count, 0)).toBe(10_023);
  expect(events.filter((event) => event.class === "lifecycle")).toEqual([]);
});

test("a run that ends at once keeps nothing back", async () => {
  const cgroup = await arena.prepare(policyOf({}));
  const { events } = await stage.run(["udp", "1"], { cgroup });
  expect(events.map((event) => [event.object, event.count])).toEqual([["udp 127.0.0.1:53", 1]]);
});

test("the end reports the exact number of refusals that a flood displaced", async () => {
  const cgroup = await arena.prepare(policyOf({}));
  const { events } = await stage.run(["udp-spread", "20000"], { cgroup });
  const lines = events.filter((event) => event.class === "address");
  expect(lines.length).toBeLessThanOrEqual(2 * EVENTS_NAMED_MAX);
  const told = [...lines, ...events.filter((event) => event.operation === "folded")];
  const seen = told.reduce((sum, event) => sum + event.count, 0);
  const lost = events.find(
    (event) => event.operation === "lost" && event.object.includes("cgroup"),
  );
  const missed = Number(/^\d+/.exec(lost?.object ?? "")?.[0]);
  expect(seen).toBeGreaterThan(0);
  expect(seen + missed).toBe(20_000);
});

test("programs without records are reported as silent, a run without programs not", async () => {
  const anchor = join(arena.cgroup2, "bare");
  mkdirSync(anchor);
  const { programs } = await arena.prepare(policyOf({}));
  const { events } = await stage.run(["sleep", "10"], { cgroup: { anchor, programs } });
  expect(events.map((event) => [event.operation, event.object])).toEqual([
    [
      "unavailable",
      expect.stringContaining("refusals by the programs of its cgroup (its programs"),
    ],
  ]);
  expect((await stage.run(["sleep", "10"])).events).toEqual([]);
});
