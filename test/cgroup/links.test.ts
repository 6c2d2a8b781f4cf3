import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { prepareCgroup } from "../../src/compile/cgroup/prepare.ts";
import { compile } from "../../src/compile/compile.ts";
import { hostSnapshot } from "../../src/compile/host-snapshot.ts";
import { probeHost } from "../../src/kernel/probe/host-facts.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { needsFeature } from "../support/skip.ts";
import { Arena, arenaMissing, needsArena } from "./arena.ts";
import { connectUnix, policyOf } from "./policies.ts";

let arena: Arena;

beforeAll(() => {
  if (arenaMissing() === null) arena = new Arena();
});
afterAll(() => arena?.remove());
beforeEach((context) => {
  needsArena(context);
  needsFeature(context, probeHost(), "cgroup-unix");
});

async function planOf(...names: readonly string[]): Promise<Plan> {
  const { scratch, cgroup2 } = arena;
  const policy = policyOf({ names: names.map((name) => connectUnix(join(scratch, name))) });
  const facts = { ...probeHost(), cgroup2 };
  const { plan } = await compile(policy, {
    ...{ facts, snapshot: hostSnapshot(), files: [], absent: [], own: [], prepareCgroup },
  });
  if (plan === null) throw new Error("no plan");
  return plan;
}

test("from policy to kernel: a name through a host's link holds both ways, no other", async () => {
  mkdirSync(join(arena.scratch, "real"));
  symlinkSync("real", join(arena.scratch, "short"));
  const { cgroup } = await planOf("short/app.sock");
  const names = ["short/app.sock", "real/app.sock", "short/other.sock", "short"];
  const lines = names.map(
    (name) => `unix-connect stream ${Buffer.from(join(arena.scratch, name)).toString("hex")}`,
  );
  // ENOENT: the kernel looked for the socket, so the program had let it pass.
  expect(arena.probe(arena.compile("probe"), cgroup, lines)).toEqual([
    "ENOENT",
    "ENOENT",
    "EACCES",
    "EACCES",
  ]);
});

test("a pattern that matches a host's link has no unix program: the mediator judges", async () => {
  const plan = await planOf("**");
  expect(plan.mediation.sockets.unix).toBe("broker");
  expect(plan.cgroup?.programs).toEqual([]);
});

test("a pattern in a folder without links is held by the programs", async () => {
  mkdirSync(join(arena.scratch, "php"));
  const { cgroup, mediation } = await planOf("php/*.sock");
  expect(mediation.sockets.unix).toBe("kernel");
  const names = ["php/a.sock", "php/b.sock", "php/c", "php/d/e.sock", "php/../php/a.sock"];
  const lines = names.map(
    (name) => `unix-connect stream ${Buffer.from(`${arena.scratch}/${name}`).toString("hex")}`,
  );
  // ENOENT: the kernel looked for the socket, so the program had let it pass.
  const said = ["ENOENT", "ENOENT", "EACCES", "EACCES", "EACCES"];
  expect(arena.probe(arena.compile("probe"), cgroup, lines)).toEqual(said);
  symlinkSync("/run", join(arena.scratch, "php/linked.sock"));
  expect((await planOf("php/*.sock")).mediation.sockets.unix).toBe("broker");
});
