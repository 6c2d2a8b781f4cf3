import { afterAll, beforeAll, expect, test } from "vitest";
import { systemCalls } from "../../../src/kernel/system-calls/table.ts";
import { mountCalls } from "../../../src/kinds/syscalls/model.ts";
import { type Built, buildAll } from "../build.ts";
import { runScene } from "../scene.ts";
import { withTree } from "../tree.ts";
import { toStart } from "./rules.ts";

const me = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const READ = "openat @AT_FDCWD file @O_RDONLY";

let built: Built;
beforeAll(async () => {
  built = await buildAll();
});
afterAll(() => built.remove());

/** What a run at level warning was told of, and how often. */
function warnings(
  script: readonly string[],
  rules: (tree: string) => readonly string[] = () => [],
) {
  return withTree(me, (tree) => {
    const program = [built.target, ...script.join(" ; ").split(" ")];
    const run = runScene(
      built,
      { supervised: "warning", rules: [...toStart(built), ...rules(tree)] },
      program,
      tree,
    );
    expect([run.stderr, run.status]).toEqual(["", 0]);
    const counts = new Map<string, number>();
    for (const { operation, object, count } of run.events) {
      const what = `${operation} ${object.replace(tree, "T")}`;
      counts.set(what, (counts.get(what) ?? 0) + count);
    }
    return { counts: Object.fromEntries(counts), events: run.events, lines: run.lines };
  });
}

test("what is outside and asked for again and again is counted to the last time", () => {
  const again = Array.from({ length: 300 }, () => [
    READ,
    "openat @AT_FDCWD dir/inner @O_RDONLY",
  ]).flat();
  const { counts, events } = warnings(again);
  expect(counts).toEqual({ "read T/file": 300, "read T/dir/inner": 300 });
  for (const { time, first } of events) if (first !== undefined) expect(first < time).toBe(true);
});

test("a name that the domain redirects is judged anew: what was inside no longer is", () => {
  const inside = "openat @AT_FDCWD dir/inner @O_RDONLY";
  const script = [inside, inside, "unlink dir/inner", "symlink ../file dir/inner", inside, inside];
  const { counts } = warnings(script, (tree) => [`rcd ${tree}/dir/*`]);
  expect(counts).toEqual({ "read T/file": 2 });
});

test("a name that the domain redirects is judged anew: what was outside no longer is", () => {
  const way = "openat @AT_FDCWD to-file @O_RDONLY";
  const script = [way, way, "unlink to-file", "symlink dir/inner to-file", way, way];
  const { counts } = warnings(script, (tree) => [`cd ${tree}/to-file`, `r ${tree}/dir/*`]);
  expect(counts).toEqual({ "read T/file": 2 });
});

test("a name that the domain itself removed is no access any more", () => {
  const { counts, lines } = warnings([READ, READ, "unlink file", READ], (tree) => [
    `d ${tree}/file`,
  ]);
  expect(lines.at(-1)).toBe("openat: -1 ENOENT");
  expect(counts).toEqual({ "read T/file": 2 });
});

test("what is made the first time is changed the next", () => {
  const make = "openat @AT_FDCWD new @O_CREAT +@O_RDWR 0600";
  const { counts } = warnings([make, make, make], (tree) => [`r ${tree}/new`]);
  expect(counts).toEqual({ "create T/new": 1, "write T/new": 3 });
});

test("what was outside before a thread has another root is not taken for its verdict", () => {
  const script = [
    READ,
    "chroot dir",
    "openat @AT_FDCWD /inner @O_RDONLY",
    "openat @AT_FDCWD /inner @O_RDONLY",
  ];
  const { counts } = warnings(script, (tree) => [`r ${tree}/dir/inner`]);
  expect(counts["read T/file"]).toBe(1);
  expect(counts["read T/dir/inner"]).toBeUndefined();
});

test("every call that removes or moves names, or mounts, clears the remembered names", () => {
  const removing = systemCalls.filter(
    (row) =>
      row.class === "name" && row.needs(0, 0).some(({ permission }) => permission === "delete"),
  );
  const names = [...removing.map(({ name }) => name), ...mountCalls];
  expect(names).toEqual(
    expect.arrayContaining(["unlink", "renameat2", "rmdir", "mount", "pivot_root"]),
  );
  for (const row of systemCalls.filter(({ name }) => names.includes(name)))
    expect([row.name, row.voids]).toEqual([row.name, ["names"]]);
});
