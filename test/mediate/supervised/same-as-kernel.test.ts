import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Built, buildAll } from "../build.ts";
import { cases, type Left, leftByEach } from "../kernel-cases.ts";
import { runScene } from "../scene.ts";
import { identities, linesOf } from "../tree.ts";
import { everyCapability, toStart } from "./rules.ts";

const levels = ["warning", "enforcing"] as const;
let built: Built;
beforeAll(async () => {
  built = await buildAll();
});
afterAll(() => built.remove());

describe.each(identities)("a supervised target gets what the kernel gives $title", (identity) => {
  let plain: ReadonlyMap<string, Left>;
  beforeAll(() => {
    plain = leftByEach(built, identity.as, (program, root) => linesOf(program, root, identity.as));
  });

  describe.each(levels)("at level %s", (level) => {
    let supervised: ReadonlyMap<string, Left>;
    beforeAll(() => {
      supervised = leftByEach(built, identity.as, (program, root) => {
        const rules = [
          ...toStart(built),
          `rx ${program[0]}`,
          `rwcda ${root}/*`,
          `rwcda ${root}/*/**`,
          "rw /dev/null",
          "r /proc/[0-9]*/**",
        ];
        const policy = { capabilities: everyCapability };
        const options = { ...identity, supervised: level, rules, policy };
        const { stderr, lines } = runScene(built, options, program, root);
        expect(stderr).toBe("");
        return lines;
      });
    });

    test.each(Object.keys(cases))("%s", (name) => {
      expect(plain.get(name)?.lines.length).toBeGreaterThan(0);
      expect(supervised.get(name)).toEqual(plain.get(name));
    });
  });
});
