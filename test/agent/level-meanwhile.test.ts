import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { PUBLIC_FILE } from "../../src/base/modes.ts";
import { factOf } from "../../src/compile/facts.ts";
import { compileDomain } from "../../src/host/compile-domain.ts";
import type { Places } from "../../src/host/places.ts";
import { root } from "../house/tree.ts";
import { scratchFolder } from "../support/scratch.ts";
import { needsRoot } from "../support/skip.ts";
import { policyText } from "./scratch-host.ts";
import { scratchPlaces } from "./scratch-places.ts";

const { afterReading } = vi.hoisted((): { afterReading: { run: () => void } } => ({
  afterReading: { run: () => undefined },
}));
vi.mock("../../src/domains/levels.ts", async (original) => {
  const levels = await original<typeof import("../../src/domains/levels.ts")>();
  return {
    ...levels,
    readOverride: (folder: string, domain: string) => {
      const level = levels.readOverride(folder, domain);
      afterReading.run();
      return level;
    },
  };
});

let folder = "";
let places: Places;
beforeEach((context) => {
  needsRoot(context);
  folder = scratchFolder("level");
  places = scratchPlaces(folder, root);
  for (const made of [join(folder, "domains"), places.system.levels])
    mkdirSync(made, { recursive: true });
  writeFileSync(join(folder, "domains", "alpha.yaml"), policyText("r /srv/alpha/**"), {
    mode: PUBLIC_FILE,
  });
});
afterEach(() => {
  if (folder !== "") rmSync(folder, { recursive: true, force: true });
});

test("a level that is given while a plan is made makes it stale", async () => {
  const file = join(places.system.levels, "alpha");
  afterReading.run = () => writeFileSync(file, "changed");
  const { plan } = await compileDomain(places, { name: "alpha" }, { effect: "look" });
  expect(plan?.facts).toContainEqual({ kind: "absent", path: file, role: "authority" });
  expect(factOf(file).kind).toBe("node");
});
