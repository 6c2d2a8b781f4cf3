import { copyFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Built, buildAll } from "../build.ts";
import { runScene } from "../scene.ts";
import { withTree } from "../tree.ts";
import { toStart } from "./rules.ts";

const me = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const CHILDREN = 100;

let built: Built;
let program: string;
beforeAll(async () => {
  built = await buildAll();
  program = built.compile("supervised/exec-race");
});
afterAll(() => built.remove());

test("a program that won the race for an execve is ended at its first call that counts", {
  timeout: 120_000,
}, () => {
  withTree(me, (tree) => {
    for (const name of ["good", "evil"]) copyFileSync(program, join(tree, name));
    const rules = [...toStart(built), `rx ${program}`, `rx ${tree}/good`, `rwc ${tree}/made-good`];
    const run = runScene(
      built,
      { supervised: "enforcing", rules, timeoutMs: 120_000 },
      [program, String(CHILDREN), "x"],
      tree,
    );
    expect(run.stderr).toBe("");
    const ended = Number(/^ended (\d+)$/.exec(run.lines[0] ?? "")?.[1]);
    const told = run.events.filter(({ object }) =>
      object.includes("not the program that was judged"),
    );
    // Some children won; each of them was ended, and each end was told of.
    expect(ended).toBeGreaterThan(0);
    expect(told.reduce((sum, { count }) => sum + count, 0)).toBe(ended);
    expect(told[0]?.object).toContain(join(tree, "evil"));
    expect(existsSync(join(tree, "made-good"))).toBe(true);
  });
});
