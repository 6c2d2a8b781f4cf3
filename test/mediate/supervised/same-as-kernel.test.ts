import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Built, buildAll } from "../build.ts";
import { cases } from "../kernel-cases.ts";
import { runScene } from "../scene.ts";
import { describeTree, identities, unconfined, withTree } from "../tree.ts";
import { everyCapability, toStart } from "./rules.ts";

let built: Built;
beforeAll(async () => {
  built = await buildAll();
});
afterAll(() => built.remove());

describe.each(["warning", "enforcing"] as const)("at level %s", (level) => {
  describe.each(identities)("a supervised target gets what the kernel gives $title", (identity) => {
    test.each(Object.entries(cases))("%s", (_, script) => {
      const plain = withTree(identity.as, (tree) => ({
        lines: unconfined(built, tree, script, identity.as),
        tree: describeTree(tree),
      }));
      const supervised = withTree(identity.as, (tree) => {
        const rules = [
          ...toStart(built),
          `rwcda ${tree}`,
          `rwcda ${tree}/**`,
          "rw /dev/null",
          "r /proc/[0-9]*/**",
        ];
        const run = runScene(
          built,
          { ...identity, supervised: level, rules, policy: { capabilities: everyCapability } },
          [built.target, ...script.split(" ")],
          tree,
        );
        expect(run.stderr).toBe("");
        return { lines: run.lines, tree: describeTree(tree) };
      });
      expect(supervised).toEqual(plain);
    });
  });
});
