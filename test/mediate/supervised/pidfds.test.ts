import { afterAll, beforeAll, expect, test } from "vitest";
import { type Built, buildAll } from "../build.ts";
import { runScene } from "../scene.ts";
import { withTree } from "../tree.ts";
import { toStart } from "./rules.ts";

const me = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

let built: Built;
let pidfds: string;
beforeAll(async () => {
  built = await buildAll();
  pidfds = built.compile("supervised/pidfds");
});
afterAll(() => built.remove());

test.each([
  ["one thread, of its own domain alone", [], ["10 namespaces", "told"]],
  [
    "two threads, which could exchange it, not at all",
    ["threads"],
    ["0 namespaces EPERM", "EPERM"],
  ],
] as const)("a pidfd is asked by a process with %s", (_, more, own) => {
  withTree(me, (tree) => {
    const rules = [...toStart(built), `rx ${pidfds}`];
    const done = runScene(built, { supervised: "enforcing", rules }, [pidfds, ...more], tree);
    expect(done.stderr).toBe("");
    expect(done.lines).toEqual([
      "outside: 0 namespaces EPERM",
      "outside: EPERM",
      ...own.map((answer) => `itself: ${answer}`),
      "of a file: ENOTTY",
    ]);
    expect(done.events[0]).toMatchObject({ operation: "ioctl", reason: "never" });
  });
});
