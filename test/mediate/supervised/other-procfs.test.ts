import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { needsRoot } from "../../support/skip.ts";
import { type Built, buildAll } from "../build.ts";
import { type Run, runScene } from "../scene.ts";
import { withTree } from "../tree.ts";
import { toStart } from "./rules.ts";

let built: Built;
beforeAll(async () => {
  built = await buildAll();
});
afterAll(() => built.remove());

const root = { uid: 0, gid: 0 };

/**
 * A second instance of procfs, one folder of /proc bound elsewhere, and one bound over itself as
 * container runtimes do.
 */
const MOUNTS =
  "mount -t proc proc again && mount --bind /proc bound && " +
  "mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys";

const READ = "openat: fd cloexec=0 flags=0";
const PATH = "openat: fd cloexec=0 flags=10000000";

function run(level: "warning" | "enforcing", tree: string, script: string): Run {
  for (const name of ["again", "bound"]) mkdirSync(join(tree, name));
  const rules = [...toStart(built), `r ${tree}/**`, "r /proc/**"];
  const inside = [
    "unshare",
    "-m",
    "--propagation",
    "private",
    "sh",
    "-c",
    `${MOUNTS} && exec "$@"`,
    "sh",
  ];
  const done = runScene(
    built,
    { supervised: level, rules, inside },
    [built.target, ...script.split(" ")],
    tree,
  );
  expect(done.stderr).toBe("");
  return done;
}

describe("processes are looked into through /proc alone", () => {
  test("elsewhere they are refused, whatever rule names them", (context) => {
    needsRoot(context);
    withTree(root, (tree) => {
      const ways = [
        `again/${process.pid}/environ`,
        `bound/${process.pid}/environ`,
        "again/self/status",
        "bound",
      ];
      const done = run(
        "enforcing",
        tree,
        ways.map((path) => `openat @AT_FDCWD ${path} @O_RDONLY`).join(" ; "),
      );
      expect(done.lines).toEqual(ways.map(() => "openat: -1 EACCES"));
      expect(done.events).toMatchObject(
        ways.map((path) => ({
          reason: "mediator",
          object: `${path} on a procfs that is not /proc`,
        })),
      );
    });
  });

  test("so it is through a descriptor that only names it", (context) => {
    needsRoot(context);
    withTree(root, (tree) => {
      const script =
        `openat @AT_FDCWD again @O_PATH ; openat $ ${process.pid}/environ @O_RDONLY ; ` +
        `openat @AT_FDCWD bound/${process.pid}/environ @O_PATH ; ` +
        "openat @AT_FDCWD /proc/self/fd/4 @O_RDONLY";
      const done = run("enforcing", tree, script);
      expect(done.lines).toEqual([PATH, "openat: -1 EACCES", PATH, "openat: -1 EACCES"]);
      expect(done.events).toHaveLength(2);
    });
  });

  test("a part of /proc that is mounted in its own place is what it was", (context) => {
    needsRoot(context);
    withTree(root, (tree) => {
      const done = run("enforcing", tree, "openat @AT_FDCWD /proc/sys/kernel/ostype @O_RDONLY");
      expect(done.lines).toEqual([READ]);
    });
  });

  test("at level warning it goes on, and is told", (context) => {
    needsRoot(context);
    withTree(root, (tree) => {
      const done = run("warning", tree, `openat @AT_FDCWD again/${process.pid}/environ @O_RDONLY`);
      expect(done.lines).toEqual([READ]);
      expect(done.events).toMatchObject([{ verdict: "warning", reason: "mediator" }]);
    });
  });
});
