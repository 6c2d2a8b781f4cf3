import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Level } from "../../../src/model/policy.ts";
import { needsRoot } from "../../support/skip.ts";
import { type Built, buildAll } from "../build.ts";
import { runScene } from "../scene.ts";
import { withTree } from "../tree.ts";
import { startedAt } from "./switched.ts";

const me = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

let built: Built;
let program: string;
beforeAll(async () => {
  built = await buildAll();
  program = built.compile("supervised/self-confined", "-pthread", "-static");
});
afterAll(() => built.remove());

const rules = (tree: string) => ["rx /**", `rwcd ${tree}/**`];

function lines(way: string): string[] {
  return withTree(me, (tree) => {
    mkdirSync(join(tree, "open"), { recursive: true });
    const run = runScene(
      built,
      { supervised: "enforcing", rules: rules(tree) },
      [program, way],
      tree,
    );
    expect(run.stderr).toBe("");
    const told = run.events.filter(({ object }) => object.includes("own Landlock domain"));
    expect(told.length > 0).toBe(
      run.lines.some((line) => /EPERM|refused/.test(line) && !line.startsWith("brother")),
    );
    return [...run.lines];
  });
}

const unconfined = ["parent: made", "sibling: made"];

/** What each way must lead to: only processes below the confinement are refused. */
const ways: Readonly<Record<string, readonly string[]>> = {
  itself: ["itself: EPERM", ...unconfined],
  child: ["child: EPERM", ...unconfined],
  vfork: ["vforked: EPERM", ...unconfined],
  thread: ["thread: EPERM", ...unconfined],
  // Only one of its threads is confined: the process counts.
  another: ["itself: EPERM", ...unconfined],
  exec: ["executed: EPERM", ...unconfined],
  before: ["born-before: made", "itself: EPERM", ...unconfined],
  orphan: ["orphan: EPERM", "of-orphan: EPERM", ...unconfined],
  double: ["grandchild: EPERM", ...unconfined],
  // A child of the one that takes orphans may be one.
  adopted: ["orphan: EPERM", "of-orphan: EPERM", "parent: made", "sibling: EPERM"],
  parent: ["brother: EPERM", ...unconfined],
  race: ["refused 200 made 0", "parent: made"],
};

test.each(Object.entries(ways))("beside a process that confined itself: %s", (way, expected) => {
  expect(lines(way)).toEqual(expected);
});

describe("enforcing knows a process that confined itself, and its child with CLONE_PARENT", () => {
  for (const level of ["warning", "disabled"] as const)
    test(`though the level was ${level}`, async (context) => {
      needsRoot(context);
      await confinedAt(level);
    });
});

async function confinedAt(level: Level): Promise<void> {
  const run = await startedAt(level, built, [program, "levels"], rules);
  expect(run.stderr).toBe("");
  expect(run.lines).toEqual(["brother: EPERM", "parent: made", "sibling: EPERM"]);
}

test("children of a daemon that was a subreaper before its start count as confined", (context) => {
  needsRoot(context);
  withTree(me, (tree) => {
    mkdirSync(join(tree, "open"), { recursive: true });
    const policy = join(tree, "confining.yaml");
    writeFileSync(policy, policyText(tree));
    const run = ["run", "--policy", policy, "--", program, "child"];
    const lines = (command: string, ...args: string[]) => {
      const done = spawnSync(command, args, { cwd: tree, encoding: "utf8" });
      rmSync(join(tree, "open"), { recursive: true });
      mkdirSync(join(tree, "open"));
      expect(done.stderr).toBe("");
      return done.stdout.split("\n").filter(Boolean);
    };
    expect(lines(cofferdam, ...run)).toEqual(["child: EPERM", ...unconfined]);
    expect(lines(program, "adopting", cofferdam, ...run)).toEqual([
      "child: EPERM",
      "parent: made",
      "sibling: EPERM",
    ]);
  });
});

const cofferdam = join(import.meta.dirname, "../../../bin/cofferdam");

function policyText(tree: string): string {
  return `domain: confining
summary: confines itself
level: enforcing
mediation: supervised
files:
  - rwcd ${tree}/open/**
  - rx ${program}
  - rxm /usr/**
  - r /proc/**
inherit: [stdio, stdio-sockets]
syscalls: ["@system-service", "@sandbox"]
`;
}
