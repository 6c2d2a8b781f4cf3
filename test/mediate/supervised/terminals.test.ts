import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { needsRoot } from "../../support/skip.ts";
import { type Built, buildAll } from "../build.ts";
import { runScene } from "../scene.ts";
import { withTree } from "../tree.ts";
import { toStart } from "./rules.ts";

const me = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

let built: Built;
let terminals: string;
beforeAll(async () => {
  built = await buildAll();
  terminals = built.compile("supervised/terminals");
});
afterAll(() => built.remove());
beforeEach(needsRoot);

test.each([
  ["of the host", "host", ["wrote", "host: written to", "second: nothing"]],
  ["of a second devpts", "second", ["wrote", "host: nothing", "second: written to"]],
  ["of a devpts that is mounted nowhere", "hidden", ["ENXIO", "host: nothing", "second: nothing"]],
] as const)("/dev/tty is the controlling terminal %s, no other of its number", (...row) => {
  const [, which, lines] = row;
  withTree(me, (tree) => {
    const rules = [...toStart(built), `rx ${terminals}`, "rw /dev/tty"];
    const options = { supervised: "enforcing", rules, inside: [terminals, which] } as const;
    const done = runScene(built, options, [terminals, "write"], tree);
    expect(done.stderr).toBe("");
    expect(done.lines).toEqual(lines);
    expect(done.events).toHaveLength(which === "hidden" ? 1 : 0);
  });
});
