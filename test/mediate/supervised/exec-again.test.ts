import { afterAll, beforeAll, expect, test } from "vitest";
import { EXECS_PENDING_MAX } from "../../../src/mediate/domain/limits.ts";
import { type Built, buildAll } from "../build.ts";
import { runScene } from "../scene.ts";
import { withTree } from "../tree.ts";

const me = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

let built: Built;
beforeAll(async () => {
  built = await buildAll();
});
afterAll(() => built.remove());

test("workers that executed their own program again and ask nothing more leave room for others", () => {
  const program = built.compile(
    "supervised/exec-again",
    "-static",
    "-nostdlib",
    "-fno-stack-protector",
  );
  withTree(me, (tree) => {
    const options = { supervised: "enforcing", rules: [`rx ${program}`] } as const;
    const run = runScene(built, options, [program, String(2 * EXECS_PENDING_MAX)], tree);
    expect(run.stderr).toBe("");
    expect(run.lines).toEqual(["0", "0"]);
    expect(run.events).toEqual([]);
  });
});
