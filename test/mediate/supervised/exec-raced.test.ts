import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, copyFileSync, mkdirSync, realpathSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PUBLIC_FOLDER } from "../../../src/base/modes.ts";
import { compileC } from "../../support/compile-c.ts";
import { needsRoot } from "../../support/skip.ts";
import { type Built, buildAll } from "../build.ts";
import { runScene } from "../scene.ts";
import { withTree } from "../tree.ts";

const me = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const nobody = { uid: 65_534, gid: 65_534 };
/** Tries of each way and caller. */
const TRIES = Number(process.env.COFFERDAM_RACES ?? 1_000);
/** A try costs up to a millisecond, and a busy machine takes its time; milliseconds. */
const TIMEOUT_MS = 60_000 + 10 * TRIES;
const EVENTS_FOLDED = "folded";

let built: Built;
let program: string;
beforeAll(async () => {
  built = await buildAll();
  program = join(built.directory, "exec-raced");
  compileC(program, join(import.meta.dirname, "exec-raced.c"), [
    "-O1",
    "-Wall",
    "-static",
    "-pthread",
  ]);
});
afterAll(() => built.remove());

/** good/, evil/ and a dynamically linked program whose loader is a link. */
function prepare(tree: string, owner: typeof me): void {
  for (const name of ["good", "evil"]) {
    mkdirSync(join(tree, name));
    copyFileSync(program, join(tree, name, "program"));
  }
  copyFileSync(realpathSync("/lib64/ld-linux-x86-64.so.2"), join(tree, "good-loader"));
  compileC(join(tree, "dynamic"), join(import.meta.dirname, "exec-raced.c"), [
    "-O1",
    "-pthread",
    "-Wl,--dynamic-linker=link-loader",
  ]);
  symlinkSync("good", join(tree, "link-directory"));
  symlinkSync("good-loader", join(tree, "link-loader"));
  chmodSync(tree, PUBLIC_FOLDER);
  execFileSync("chown", ["-Rh", `${owner.uid}:${owner.gid}`, tree]);
  chownSync(tree, owner.uid, owner.gid);
}

function race(way: string, caller: string, tree: string, who: typeof me) {
  prepare(tree, who);
  const rules = [
    "r /**",
    `rx ${tree}/good/**`,
    `rx ${tree}/good-loader`,
    `rx ${tree}/dynamic`,
    "rxm /usr/lib/**",
    "rxm /lib/**",
    `rwcd ${tree}/link-*`,
  ];
  const options = {
    supervised: "enforcing",
    rules,
    timeoutMs: TIMEOUT_MS,
    as: who,
    ...(who.uid === me.uid ? {} : { mediatorAs: who }),
  } as const;
  return runScene(built, options, [join(tree, "good/program"), way, caller, String(TRIES)], tree);
}

const races = [
  ["path", "leader"],
  ["path", "thread"],
  ["path", "vfork"],
  ["path", "two"],
  ["link", "leader"],
  ["directory", "leader"],
  ["descriptor", "leader"],
  ["loader", "leader"],
] as const;

describe.each([
  ["the user of the tests", me],
  ["an ordinary user", nobody],
])("as %s", (_, who) => {
  test.for(races)(
    "a program without a grant that is exchanged for one with, %s, by %s, does nothing",
    { timeout: TIMEOUT_MS },
    ([way, caller], context) => {
      if (who.uid !== me.uid) needsRoot(context);
      withTree(me, (tree) => {
        const run = race(way, caller, tree, who);
        expect(run.stderr).toBe("");
        expect(run.lines.filter((line) => line === "won")).toEqual([]);
        expect(run.lines, JSON.stringify(run.lines)).toHaveLength(1);
        const [, tries = 0, refused = 0, ran = 0, ended = 0] =
          /^tries (\d+) refused (\d+) ran (\d+) ended (\d+)$/
            .exec(run.lines[0] ?? "")
            ?.map(Number) ?? [];
        expect(tries).toBeGreaterThanOrEqual(TRIES);
        // Each of them was seen: else nothing was raced at all.
        expect(Math.min(refused, ran, ended), run.lines[0]).toBeGreaterThan(0);
        const told = run.events.filter(({ object }) =>
          object.includes("not the program that was judged"),
        );
        const folded = run.events.filter(({ operation }) => operation === EVENTS_FOLDED);
        const count = (events: typeof told) => events.reduce((sum, one) => sum + one.count, 0);
        expect(count([...told, ...folded])).toBeGreaterThanOrEqual(ended);
        expect(told.length).toBeGreaterThan(0);
        expect(told.every(({ object }) => object.startsWith(`${tree}/evil/program`))).toBe(true);
      });
    },
  );
});
