import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import type { Run } from "../../src/domains/runs.ts";
import { lostLayers } from "../../src/host/lost-layers.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { scratchPlaces } from "../agent/scratch-places.ts";
import { root } from "../house/tree.ts";
import { bytesOf, minimalPlan } from "../native/plan-fixture.ts";
import { scratchFolder } from "../support/scratch.ts";

const folder = scratchFolder("lost-layers");
const places = scratchPlaces(folder, root);

type Layers = Plan["mediation"]["report"]["layers"];
const addresses = { name: "addresses", state: "lost", detail: "no cgroups here" } as const;
const calls = { name: "system calls", state: "partial", detail: "in part" } as const;

beforeAll(() => {
  mkdirSync(places.plans, { recursive: true });
  ready("web", "0000000000000001", {}, [
    addresses,
    { name: "files", state: "enforced", detail: "" },
  ]);
  ready("web", "0000000000000002", { mode: "supervised", landlock: null }, [calls]);
  ready("web", "0000000000000003", { mode: "supervised", landlock: null, level: "warning" }, [
    { ...calls, name: "capabilities" },
  ]);
  ready("idle", "0000000000000001", {}, [addresses]);
});

function ready(domain: string, key: string, change: Partial<Plan>, layers: Layers): void {
  const plan = minimalPlan({ domain, writable: folder });
  const report = { ...plan.mediation.report, layers };
  const bytes = bytesOf({ ...plan, ...change, mediation: { ...plan.mediation, report } });
  writeFileSync(join(places.plans, `${domain}-${key}.plan`), bytes);
}

const run = (mode: Run["mode"], level: Run["level"]) => ({ domain: "web", mode, level }) as Run;
const told = (...runs: readonly Run[]) =>
  lostLayers(places, runs).map(({ domain, layer, state }) => [domain, layer, state]);

test("only what runs is told of, by the plans of its mode", () => {
  expect(told()).toEqual([]);
  expect(told(run("sealed", "enforcing"))).toEqual([["web", "addresses", "lost"]]);
  expect(told(run("supervised", "enforcing"))).toEqual([["web", "system calls", "partial"]]);
  expect(told(run("sealed", "enforcing"), run("supervised", "enforcing"))).toEqual([
    ["web", "addresses", "lost"],
    ["web", "system calls", "partial"],
  ]);
});

test("a domain switched to enforcing while it runs is held by its enforcing plan", () => {
  expect(told(run("supervised", "warning"))).toEqual([["web", "system calls", "partial"]]);
});

test("without a folder of plans there is nothing to tell", () => {
  expect(
    lostLayers({ ...places, plans: join(folder, "none") }, [run("sealed", "enforcing")]),
  ).toEqual([]);
});
