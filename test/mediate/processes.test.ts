import { rmSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { scratchFolder } from "../support/scratch.ts";
import { type Built, buildAll } from "./build.ts";
import { runScene } from "./scene.ts";

let built: Built;
beforeAll(async () => {
  built = await buildAll();
});
afterAll(() => built.remove());

const calls = [
  "sched_setaffinity",
  "sched_setscheduler",
  "sched_setparam",
  "sched_setattr",
  "setpriority",
  "ioprio_set",
];

test("threads of the own process are scheduled, all others are refused", () => {
  const tree = scratchFolder("tree");
  try {
    const program = built.compile("threads");
    const options = {
      rules: [],
      notify: ["sched_setparam", "sched_setattr"],
      as: { uid: 33, gid: 33 },
    };
    const run = runScene(built, options, [program, String(process.pid)], tree);
    expect(run.stderr).toBe("");
    expect(run.lines).toEqual([
      "pthread_create with affinity: done",
      "its processors: 1",
      ...calls.map((call) => `${call} sibling: done`),
      ...calls.map((call) => `${call} outside: EPERM`),
      ...calls.map((call) => `${call} nobody: EPERM`),
      "policy of the sibling: 3, nice 5",
    ]);
    expect(run.events.map(({ operation, object }) => `${operation} ${object}`)).toContain(
      `sched_setaffinity process ${process.pid}`,
    );
  } finally {
    rmSync(tree, { recursive: true });
  }
});
