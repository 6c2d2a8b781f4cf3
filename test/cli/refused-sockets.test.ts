import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { PUBLIC_FILE } from "../../src/base/modes.ts";
import { prepareCgroup } from "../../src/compile/cgroup/prepare.ts";
import { compile } from "../../src/compile/compile.ts";
import { hostSnapshot } from "../../src/compile/host-snapshot.ts";
import { probeHost } from "../../src/kernel/probe/host-facts.ts";
import { encodePlan } from "../../src/plan/encode.ts";
import { Arena, arenaMissing, needsArena } from "../cgroup/arena.ts";
import { addressRule, policyOf } from "../cgroup/policies.ts";
import { needsFeature } from "../support/skip.ts";
import { Caller } from "./command-line.ts";

let arena: Arena;
const caller = new Caller();

beforeAll(() => {
  if (arenaMissing() === null) arena = new Arena();
});
afterAll(() => {
  arena?.remove();
  caller.remove();
});
beforeEach((context) => {
  needsArena(context);
  needsFeature(context, probeHost(), "cgroup-inet");
});

test("plan counts socket calls that the kernel refused to daemons of ready plans", async () => {
  const policy = policyOf({
    name: "tool",
    addresses: [addressRule("connect tcp 127.0.0.1/32:80")],
  });
  const facts = { ...probeHost(), cgroup2: arena.cgroup2 };
  const input = { facts, snapshot: hostSnapshot(), files: [], absent: [], own: [], prepareCgroup };
  const { plan } = await compile(policy, input);
  if (plan === null) throw new Error("no plan");
  mkdirSync(caller.places.plans, { recursive: true });
  writeFileSync(join(caller.places.plans, "tool-0123456789abcdef.plan"), encodePlan(plan));
  const file = join(caller.folder, "tool.yaml");
  writeFileSync(file, "network: [connect tcp 127.0.0.1:80]\n", { mode: PUBLIC_FILE });

  const before = await caller.run(["plan", "--policy", file]);
  expect(before.out).toContain(
    "that the kernel's programs have refused\n  none in the cgroup of ready plans\n",
  );
  arena.probe(arena.compile("probe"), plan.cgroup, ["connect tcp 127.0.0.1 9", "bind udp ::1 9"]);
  const after = await caller.run(["plan", "--policy", file]);
  expect(after.out).toContain(`${plan.cgroup?.anchor}\n    connect 1, bind 1\n`);
});
