import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Domain } from "../properties/domain.ts";
import { compileC } from "../support/compile-c.ts";
import { needsRoot, skipUnless } from "../support/skip.ts";
import { emptyBtrfs } from "./empty-btrfs.ts";

const SECRET = "the words that nobody may read";
const hasBtrfs = /\tbtrfs$/m.test(fs.readFileSync("/proc/filesystems", "utf8"));
/** Root of a container may mount nothing. */
let isMounted = false;

function mount(image: string, at: string): boolean {
  fs.writeFileSync(image, emptyBtrfs());
  fs.mkdirSync(at);
  return spawnSync("mount", ["-o", "loop", image, at]).status === 0;
}

let scene: Domain;
let search: string;
beforeAll(() => {
  scene = new Domain();
  search = scene.at("search-tree");
  compileC(search, path.join(import.meta.dirname, "search-tree.c"), ["-O1", "-Wall", "-Werror"]);
  isMounted = hasBtrfs && mount(scene.at("image"), scene.at("volume"));
  if (!isMounted) return;
  for (const name of ["open", "secret"]) fs.mkdirSync(scene.at(`volume/${name}`));
  fs.writeFileSync(scene.at("volume/secret/file"), SECRET);
  execFileSync("sync", ["-f", scene.at("volume")]);
});
afterAll(() => {
  if (isMounted) execFileSync("umount", [scene.at("volume")]);
  scene.close();
});

test.for(["", "mediation: supervised\n"])(
  "what a file system keeps of all its files is not read by a folder of it: %j",
  (mediation, context) => {
    needsRoot(context);
    skipUnless(context, hasBtrfs, "this kernel has no btrfs");
    skipUnless(context, isMounted, "no file can be mounted here");
    const command = [search, scene.at("volume/open"), SECRET];
    expect(scene.outside(command).out).toBe("found\n");
    scene.writePolicy({
      files: [`rx ${search}`, `r ${scene.at("volume/open")}/**`],
      rest: `capabilities: [sys_admin]\n${mediation}`,
    });
    expect(scene.run(command).out).toBe("EPERM\n");
  },
);
