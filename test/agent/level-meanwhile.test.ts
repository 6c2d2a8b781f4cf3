import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { compile } from "../../src/cli/commands/compile.ts";
import { factOf, hold } from "../../src/compile/facts.ts";
import { levelClock, newOverride } from "../../src/domains/level-clock.ts";
import { writeOverride } from "../../src/domains/levels.ts";
import { compileDomain } from "../../src/host/compile-domain.ts";
import type { Places } from "../../src/host/places.ts";
import { decodePlan } from "../../src/plan/decode.ts";
import { root } from "../house/tree.ts";
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
  folder = mkdtempSync(join(tmpdir(), "cofferdam-level-"));
  places = scratchPlaces(folder, root);
  for (const made of [join(folder, "domains"), places.system.levels])
    mkdirSync(made, { recursive: true });
  writeFileSync(join(folder, "domains", "alpha.yaml"), policyText("r /srv/alpha/**"), {
    mode: 0o644,
  });
});
afterEach(() => {
  if (folder !== "") rmSync(folder, { recursive: true, force: true });
});

test("a level that is given while a plan is made makes it stale", async () => {
  const file = join(places.system.levels, "alpha");
  afterReading.run = () => writeFileSync(file, "changed");
  const { plan } = await compileDomain(places, { name: "alpha" }, { effect: "look" });
  expect(plan?.facts).toContainEqual({ kind: "absent", path: file });
  expect(factOf(file).kind).toBe("node");
});

test.for([
  [1, true],
  [9, false],
] as const)(
  "a plan that became stale while it was made is made again: after %d changes it holds: %s",
  async ([changes, holds]) => {
    let left = changes as number;
    const by = { uid: 0, name: "root" };
    afterReading.run = () => {
      if (left-- > 0)
        writeOverride(
          places.system.levels,
          "alpha",
          newOverride("warning", by, null, null, levelClock()),
        );
    };
    const asked = { places, out: () => undefined, err: () => undefined, width: 80, color: false };
    const out = join(folder, "alpha.plan");
    expect(await compile.run?.(asked, ["alpha"], { out })).toBe(0);
    expect(hold(decodePlan(readFileSync(out)).facts)).toBe(holds);
    expect(left, "tries").toBe(changes === 1 ? -1 : changes - 3);
  },
);
