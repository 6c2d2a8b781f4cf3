import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Built, buildAll } from "./build.ts";
import { cases, type Left, leftByEach } from "./kernel-cases.ts";
import { runScene } from "./scene.ts";
import { identities, linesOf } from "./tree.ts";

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
  let plain: ReadonlyMap<string, Left>;
  let brokered: ReadonlyMap<string, Left>;
  beforeAll(() => {
    plain = leftByEach(built, identity.as, (program, root) => linesOf(program, root, identity.as));
    brokered = leftByEach(built, identity.as, (program, root) => {
      const options = {
        ...identity,
        rules: [`rwcda ${root}/*`, `rwcda ${root}/*/**`],
        landlock: [{ path: "/dev", rights: DEV_RIGHTS }],
      };
      const { stderr, lines } = runScene(built, options, program, root);
      expect(stderr).toBe("");
      return lines;
    });
  });

  test.each(Object.keys(cases))("%s", (name) => {
    expect(plain.get(name)?.lines.length).toBeGreaterThan(0);
    expect(brokered.get(name)).toEqual(plain.get(name));
  });
});
