import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { clone, moduleFolder } from "./kernel.ts";
import { busybox, type Tree } from "./tree.ts";

/** What Debian programs the steps, the demonstration and the attack programs call. */
const programs = ["sh", "id", "cat", "true", "setpriv", "env", "sleep", "mkdir", "chmod"];

/**
 * Puts the built clone under its own path, node under its own, and a few of Debian's programs into
 * the tree.
 */
export function fillWithClone(tree: Tree): void {
  for (const name of [
    "bin",
    "bpf",
    "dist",
    "domains",
    "demo",
    "package.json",
    "node_modules/koffi",
    "node_modules/@koromix",
  ])
    tree.copy(path.join(clone, name));
  tree.program(process.execPath);
  // Loaded by name, so no program is linked with it.
  tree.program("/usr/lib/x86_64-linux-gnu/libbpf.so.1");
  for (const name of programs) tree.program(`/usr/bin/${name}`);
}

/**
 * The kernel's modules, so that `modprobe NAME` brings what this kernel has and the host's may
 * lack.
 */
export function fillWithModules(tree: Tree): void {
  const folder = moduleFolder();
  const release = path.basename(folder);
  tree.copy(folder, `usr/lib/modules/${release}`);
  fs.symlinkSync("busybox", path.join(tree.folder, "vm/modprobe"));
  execFileSync(busybox(), ["depmod", "-b", tree.folder, release], { stdio: "ignore" });
}
