import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { compile } from "../../src/cli/commands/compile.ts";
import { hold } from "../../src/compile/facts.ts";
import { levelClock, newOverride } from "../../src/domains/level-clock.ts";
import { writeOverride } from "../../src/domains/levels.ts";
import { decodePlan } from "../../src/plan/decode.ts";
import { root } from "../house/tree.ts";
import { needsRoot } from "../support/skip.ts";
import { policyText } from "./scratch-host.ts";
import { scratchPlaces } from "./scratch-places.ts";

const by = { uid: 0, name: "root" };
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

test.for([
  [1, true],
  [9, false],
] as const)(
  "a plan that became stale while it was made is made again: after %d changes it holds: %s",
  async ([changes, holds], context) => {
    needsRoot(context);
    const folder = mkdtempSync(join(tmpdir(), "cofferdam-level-"));
    try {
      const places = scratchPlaces(folder, root);
      for (const made of [join(folder, "domains"), places.system.levels]) mkdirSync(made, { recursive: true });
      writeFileSync(join(folder, "domains", "alpha.yaml"), policyText("r /srv/alpha/**"), { mode: 0o644 });
      let left = changes;
      afterReading.run = () => {
        if (left-- > 0)
          writeOverride(places.system.levels, "alpha", newOverride("warning", by, null, null, levelClock()));
      };
      const asked = { places, out: () => undefined, err: () => undefined, width: 80, color: false };
      const out = join(folder, "alpha.plan");
      expect(await compile.run?.(asked, ["alpha"], { out })).toBe(0);
      expect(hold(decodePlan(readFileSync(out)).facts)).toBe(holds);
      expect(left, "tries").toBe(changes === 1 ? -1 : changes - 3);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
