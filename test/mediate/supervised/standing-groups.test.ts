import { chmodSync, chownSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { GROUP_FILE, PUBLIC_FOLDER } from "../../../src/base/modes.ts";
import { needsRoot } from "../../support/skip.ts";
import { type Built, buildAll } from "../build.ts";
import { runScene } from "../scene.ts";
import { withTree } from "../tree.ts";
import { everyCapability, toStart } from "./rules.ts";

const GROUP = 4_711;
const OFTEN = Array.from({ length: 8 }, () => "with: opened");

let built: Built;
let program: string;
beforeAll(async () => {
  built = await buildAll();
  program = built.compile("supervised/standing-groups", "-pthread");
});
afterAll(() => built.remove());
beforeEach((context) => needsRoot(context));

/** Of a file that its group alone may read. */
function opens(way: string): readonly string[] {
  return withTree({ uid: 0, gid: 0 }, (tree) => {
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
    const run = runScene(built, options, [program, String(GROUP), file, way], tree);
    expect(run.stderr).toBe("");
    return run.lines;
  });
}

test("a group that was given up opens nothing any more, and one that was taken does", () => {
  expect(opens("same")).toEqual([...OFTEN, "without: EACCES", "with: opened"]);
});

test("a thread that executes keeps its own groups, not those of its leader", () => {
  expect(opens("thread")).toEqual([...OFTEN, "executed without: EACCES"]);
});
