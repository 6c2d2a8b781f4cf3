import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { scratchFolder } from "../support/scratch.ts";
import { type Built, buildAll } from "./build.ts";
import { runScene } from "./scene.ts";

let built: Built;
beforeAll(async () => {
  built = await buildAll();
});
afterAll(() => built.remove());

test("a granted name is made, another one refused with an event", () => {
  const tree = scratchFolder("tree");
  try {
    mkdirSync(join(tree, "d"));
    const run = runScene(
      built,
      { rules: [`rwcd ${tree}/d/yes`] },
      [
        built.target,
        "openat",
        "@AT_FDCWD",
        "d/yes",
        "@O_CREAT",
        "+@O_WRONLY",
        "0644",
        ";",
        "creat",
        "d/no",
        "0600",
        ";",
        "unlink",
        "d/yes",
      ],
      tree,
    );

    expect(run.lines).toEqual([
      "openat: fd cloexec=0 flags=1 written",
      "creat: -1 EACCES",
      "unlink: 0 -",
    ]);
  } finally {
    rmSync(tree, { recursive: true });
  }
});
