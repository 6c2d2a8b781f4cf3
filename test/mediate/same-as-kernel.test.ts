import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Built, buildAll } from "./build.ts";
import { cases } from "./kernel-cases.ts";
import { runScene } from "./scene.ts";
import { describeTree, identities, unconfined, withTree } from "./tree.ts";

/**
 * What Landlock's own rules must give the target beside reading: the mediator lets it decide on
 * what exists.
 */
const DEV_RIGHTS = 0x6n;

let built: Built;
beforeAll(async () => {
  built = await buildAll();
});
afterAll(() => built.remove());

describe.each(identities)("brokered calls do what the kernel does $title", (identity) => {
  test.each(Object.entries(cases))("%s", (_, script) => {
    const plain = withTree(identity.as, (tree) => ({
      lines: unconfined(built, tree, script, identity.as),
      tree: describeTree(tree),
    }));
    const brokered = withTree(identity.as, (tree) => {
      const run = runScene(
        built,
        {
          ...identity,
          rules: [`rwcda ${tree}`, `rwcda ${tree}/**`],
          landlock: [{ path: "/dev", rights: DEV_RIGHTS }],
        },
        [built.target, ...script.split(" ")],
        tree,
      );
      expect(run.stderr).toBe("");
      return { lines: run.lines, tree: describeTree(tree) };
    });
    expect(brokered).toEqual(plain);
  });
});
