import { spawnSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PUBLIC_PROGRAM } from "../../../src/base/modes.ts";
import { type Built, buildAll } from "../build.ts";
import { runScene } from "../scene.ts";
import { withTree } from "../tree.ts";
import { everyCapability, toStart } from "./rules.ts";

let built: Built;
let acts: string;
let image: string;
beforeAll(async () => {
  built = await buildAll();
  acts = built.compile("supervised/acts");
  image = built.compile("supervised/image", "-static", "-no-pie");
});
afterAll(() => built.remove());

const me = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

/** Everything inside: the same as without Cofferdam, and no event. */
const names = [
  "fifo",
  "family",
  "threads",
  "flags",
  "passing",
  "terminal",
  "exec",
  "roots",
] as const;

describe.each(["warning", "enforcing"] as const)("at level %s", (level) => {
  test.each(names)("%s", (name) => {
    const plain = withTree(me, (tree) => {
      prepare(tree);
      return spawnSync(acts, [name], { cwd: tree, encoding: "utf8" })
        .stdout.split("\n")
        .filter(Boolean);
    });
    withTree(me, (tree) => {
      prepare(tree);
      const run = runScene(
        built,
        { supervised: level, rules: rulesFor(tree), policy: { capabilities: everyCapability } },
        [acts, name],
        tree,
      );
      expect(run.stderr).toBe("");
      expect(run.lines).toEqual(plain);
      expect(run.events).toEqual([]);
    });
  });

  test("a program executed beside a parent with shared memory opens its own names", () => {
    withTree(me, (tree) => {
      for (const name of ["first", "second"]) writeFileSync(join(tree, name), `of the ${name}`);
      const options = { supervised: level, rules: [...rulesFor(tree), `rx ${image}`] };
      const run = runScene(built, options, [image], tree);
      expect(run.stderr).toBe("");
      expect(run.lines).toEqual(["of the first", "of the first", "of the second", "of the first"]);
      expect(run.events).toEqual([]);
    });
  });

  test("entries of /proc are the target's own, and not another domain's", () => {
    withTree(me, (tree) => {
      const run = runScene(
        built,
        { supervised: level, rules: [...rulesFor(tree), "r /proc/**"] },
        [acts, "proc"],
        tree,
      );
      expect(run.lines.slice(0, -1)).toEqual([
        "comm acts",
        "status: 0 -",
        "exe: 0 -",
        "cwd: 0 -",
        "again: 0 -",
        "a pipe again: 1 -",
      ]);
      expect(run.events).toMatchObject([
        { operation: "openat", object: "/proc/1/environ", reason: "never" },
      ]);
    });
  });
});

test("rules name the caller's /proc entries by number or self; either denial counts", () => {
  withTree(me, (tree) => {
    const of = (rules: readonly string[]) => {
      const script = ["stat", "status", "comm"].map(
        (name) => `openat @AT_FDCWD /proc/self/${name} @O_RDONLY`,
      );
      const options = { supervised: "enforcing", rules: [...toStart(built), ...rules] } as const;
      const run = runScene(built, options, [built.target, ...script.join(" ; ").split(" ")], tree);
      return run.events.map(({ object }) => object);
    };
    const both = ["r /proc/self/stat", "r /proc/[0-9]*/status"];
    expect(of(both)).toEqual(["/proc/self/comm"]);
    const denied = ["r /proc/**", "deny r /proc/[0-9]*/stat", "deny r /proc/self/status"];
    expect(of(denied)).toEqual(["/proc/self/stat", "/proc/self/status"]);
  });
});

function rulesFor(tree: string): string[] {
  const programs = ["rx /usr/bin/**", `rx ${acts}`, `rwcda ${tree}/**`, `x ${tree}/script`];
  return [
    ...toStart(built),
    ...programs,
    "rw /dev/tty",
    "rw /dev/null",
    "rw /dev/ptmx",
    "rw /dev/pts/ptmx",
    "r /dev/urandom",
  ];
}

function prepare(tree: string): void {
  writeFileSync(join(tree, "script"), "#!/bin/sh\necho script $1\n");
  chmodSync(join(tree, "script"), PUBLIC_PROGRAM);
}
