import { execFileSync } from "node:child_process";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Built, buildAll } from "./build.ts";
import { runScene, type SceneOptions } from "./scene.ts";
import { describeTree, identities, unconfined, withTree } from "./tree.ts";

/** Calls of one tree: so few that what one made is seen by some others. */
const CALLS = 150;
const SEEDS = [1, 2, 3, 4, 5, 6];

let built: Built;
let program: string;
beforeAll(async () => {
  built = await buildAll();
  program = built.compile("openat2");
});
afterAll(() => built.remove());

function withMore<T>(as: { uid: number; gid: number }, use: (tree: string) => T): T {
  return withTree(as, (tree) => {
    execFileSync("mkfifo", ["-m", "666", join(tree, "fifo")]);
    symlinkSync("..", join(tree, "dir/up"));
    symlinkSync("/inner", join(tree, "dir/absolute"));
    return use(tree);
  });
}

/** Landlock grants none of it: what is opened, the broker opened. */
const sealed = (tree: string): SceneOptions => ({
  rules: [`rwcda ${tree}`, `rwcda ${tree}/**`],
  notify: ["openat2"],
});

describe.each(identities)("openat2 in a sealed domain is the kernel's $title", (identity) => {
  test.each(SEEDS)("seed %i", (seed) => {
    const words = `${seed} ${CALLS}`;
    const plain = withMore(identity.as, (tree) => ({
      lines: unconfined({ ...built, target: program }, tree, words, identity.as),
      tree: describeTree(tree),
    }));
    const brokered = withMore(identity.as, (tree) => {
      const options = { ...identity, ...sealed(tree) };
      const run = runScene(built, options, [program, ...words.split(" ")], tree);
      expect(run.stderr).toBe("");
      return { lines: run.lines, tree: describeTree(tree) };
    });
    expect(brokered).toEqual(plain);
    expect(plain.lines.length).toBe(CALLS);
    expect(plain.lines.filter((line) => line.includes("opened")).length).toBeGreaterThan(15);
  });
});

/** `struct open_how`: flags, mode, resolve. */
const how = (flags: number, mode = 0): string => {
  const bytes = Buffer.alloc(24);
  bytes.writeBigUInt64LE(BigInt(flags), 0);
  bytes.writeBigUInt64LE(BigInt(mode), 8);
  return `#hex=${bytes.toString("hex")}`;
};
const asked = (path: string, flags: number, mode = 0) =>
  `openat2 @AT_FDCWD ${path} ${how(flags, mode)} 24`;
const [RDWR, CREAT, PATH] = [2, 0o100, 0o10000000];
const as = { uid: 0, gid: 0 };

function said(script: string, more: (tree: string) => Partial<SceneOptions> = () => ({})) {
  return withMore(as, (tree) => {
    const words = script.replaceAll("@TREE", tree).split(" ");
    const options = { ...sealed(tree), ...more(tree) };
    const run = runScene(built, options, [built.target, ...words], tree);
    return { lines: run.lines, events: run.events, made: describeTree(tree) };
  });
}

test("what the broker cannot do as the kernel would is absent, and nothing is told of it", () => {
  const { lines, events } = said(
    [
      asked("file", PATH),
      asked("/proc/self/status", 0),
      asked("/proc/self/fd/0", 0),
      asked("/proc/self/cwd/file", 0),
      asked("/dev/null", RDWR),
    ].join(" ; "),
    (tree) => ({ rules: [...sealed(tree).rules, "rw /dev/null", "r /proc/**"] }),
  );
  expect(lines).toEqual(Array(5).fill("openat2: -1 ENOSYS"));
  expect(events).toEqual([]);
});

test("a device is opened where it may be asked too", () => {
  const { lines } = said(asked("/dev/null", RDWR), (tree) => ({
    rules: [...sealed(tree).rules, "rwi /dev/null"],
  }));
  expect(lines).toEqual(["openat2: fd cloexec=0 flags=2 written"]);
});

test("a process in a Landlock domain of its own asks by openat", () => {
  // A domain that handles execution alone; the broker could not tell.
  const own = "prctl 38 1 0 0 0 ; landlock_create_ruleset #hex=0100000000000000 8 0";
  const { lines } = said(
    `${asked("file", 0)} ; ${own} ; landlock_restrict_self $ 0 ; ${asked("file", 0)}`,
  );
  expect(lines.filter((line) => line.startsWith("openat2"))).toEqual([
    "openat2: fd cloexec=0 flags=0",
    "openat2: -1 ENOSYS",
  ]);
});

test("where Landlock makes names the broker makes them too, and none with a set-id bit", () => {
  const { lines, events, made } = said(
    [
      asked("new", RDWR | CREAT, 0o600),
      asked("bad", RDWR | CREAT, 0o4755),
      asked("/etc/cofferdam-none", RDWR | CREAT, 0o600),
      asked("/etc/passwd", 0),
    ].join(" ; "),
    (tree) => ({ kernelCreates: [tree] }),
  );
  expect(lines).toEqual([
    "openat2: fd cloexec=0 flags=2 written",
    ...["EPERM", "EACCES", "EACCES"].map((word) => `openat2: -1 ${word}`),
  ]);
  expect(events.map(({ operation, reason }) => [operation, reason])).toEqual([
    ["create with set-id bits", "never"],
    ["create", "no-rule"],
    ["read", "no-rule"],
    ["write", "no-rule"],
    ["read", "no-rule"],
  ]);
  expect(made.some((line) => line.startsWith("new 100600"))).toBe(true);
  expect(made.some((line) => line.startsWith("bad "))).toBe(false);
});
