import { chmodSync, chownSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { GROUP_FILE, PUBLIC_FOLDER } from "../../../src/base/modes.ts";
import { needsRoot } from "../../support/skip.ts";
import { type Built, buildAll } from "../build.ts";
import { runScene } from "../scene.ts";
import { withTree } from "../tree.ts";
import { everyCapability, toStart } from "./rules.ts";
import { startedAt } from "./switched.ts";

const GROUP = 4_711;
/** Processes before the one that differs. */
const OFTEN = 4;

let built: Built;
let program: string;
beforeAll(async () => {
  built = await buildAll();
  program = built.compile("supervised/new-processes");
});
afterAll(() => built.remove());
beforeEach((context) => needsRoot(context));

test("a new process has the groups that its parent had then, whatever all had before", () => {
  withTree({ uid: 0, gid: 0 }, (tree) => {
    const file = `${tree}/groups-own`;
    writeFileSync(file, "x");
    chmodSync(tree, PUBLIC_FOLDER);
    chownSync(file, 0, GROUP);
    chmodSync(file, GROUP_FILE);
    const rules = [...toStart(built), `rx ${program}`, `r ${file}`];
    const options = {
      ...{ supervised: "enforcing" as const, rules },
      policy: { capabilities: everyCapability },
    };
    const run = runScene(built, options, [program, "groups", String(GROUP), file], tree);
    expect(run.stderr).toBe("");
    expect(run.lines).toEqual([
      ...Array.from({ length: OFTEN }, () => "without: EACCES"),
      "with: opened",
      "without: EACCES",
    ]);
  });
});

test.each(["unshare", "clone", "clone3"])(
  "nothing is opened for the child of a process that got its own mount namespace by %s",
  async (way) => {
    const { lines, events } = await startedAt(
      "warning",
      built,
      [program, way, "0", "open/aaaa"],
      (tree) => [...toStart(built), `rx ${program}`, `rwcd ${tree}/**`],
      { capabilities: everyCapability },
    );
    expect(lines).toEqual([
      ...Array.from({ length: OFTEN }, () => "before: opened"),
      "apart: EPERM",
      "in common: opened",
    ]);
    expect(events.map(({ object }) => object)).toContain(
      "asked by a process with its own mount namespace",
    );
  },
);
