import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { PRIVATE_FILE, PUBLIC_FOLDER, TEMPORARY_FOLDER } from "../../src/base/modes.ts";
import { scratchFolder } from "../support/scratch.ts";
import type { Built } from "./build.ts";

const root = process.getuid?.() === 0;
const everybody = [
  { title: "as root", as: { uid: 0, gid: 0 } },
  { title: "as a user, mediated by root", as: { uid: 33, gid: 33 } },
  {
    title: "as a user, mediated by the same user",
    as: { uid: 65534, gid: 65534 },
    mediatorAs: { uid: 65534, gid: 65534 },
  },
];
/** Users of a target and its mediator: an ordinary user can test only as itself. */
export const identities = root ? everybody : everybody.slice(0, 1);

interface User {
  readonly uid: number;
  readonly gid: number;
}

export function unconfined(built: Built, tree: string, script: string, as: User): string[] {
  return linesOf([built.target, ...script.split(" ")], tree, as);
}

/** What a program prints that runs as `as`, outside of every domain. */
export function linesOf(program: readonly string[], cwd: string, as: User): string[] {
  const setpriv =
    as.uid === 0 ? [] : ["setpriv", `--reuid=${as.uid}`, `--regid=${as.gid}`, "--clear-groups"];
  const [command = "", ...args] = [...setpriv, ...program];
  return spawnSync(command, args, { cwd, encoding: "utf8" }).stdout.split("\n").filter(Boolean);
}

export function withTree<T>(owner: User, use: (tree: string) => T): T {
  return withTrees(owner, [""], use);
}

/** The same tree several times, under these names below the folder that `use` gets. */
export function withTrees<T>(owner: User, names: readonly string[], use: (root: string) => T): T {
  const root = scratchFolder("tree");
  try {
    chmodSync(root, PUBLIC_FOLDER);
    for (const name of names) fillTree(join(root, name), owner);
    return use(root);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function fillTree(tree: string, owner: User): void {
  mkdirSync(tree, { recursive: true });
  for (const name of ["dir", "empty", "readonly", "closed", "setgid", "foreign-dir", "sticky"])
    mkdirSync(join(tree, name));
  for (const name of [
    "file",
    "dir/inner",
    "readonly/inner",
    "closed/inner",
    "foreign",
    "sticky/foreign",
  ])
    writeFileSync(join(tree, name), `content of ${name}`);
  const links = {
    "to-file": "file",
    "to-dir": "dir",
    dangling: "made-by-dangling",
    "ring-a": "ring-b",
    "ring-b": "ring-a",
    "sticky/link": "../file",
  };
  for (const [name, text] of Object.entries(links)) symlinkSync(text, join(tree, name));
  for (const name of ["", "dir", "empty", "file", "dir/inner", "readonly", "closed", "setgid"])
    chownSync(join(tree, name), owner.uid, owner.gid);
  chownSync(join(tree, "foreign"), 1, 1);
  chownSync(join(tree, "sticky/foreign"), 1, 1);
  chownSync(join(tree, "foreign-dir"), 1, 1);
  chownSync(join(tree, "setgid"), owner.uid, 34);
  chmodSync(tree, PUBLIC_FOLDER);
  chmodSync(join(tree, "readonly"), 0o555);
  chmodSync(join(tree, "closed"), PRIVATE_FILE);
  chmodSync(join(tree, "setgid"), 0o2775);
  chmodSync(join(tree, "sticky"), TEMPORARY_FOLDER);
}

/** Name, type, mode, owner, links, content and times that a test set; one line each. */
export function describeTree(tree: string, below = ""): string[] {
  return readdirSync(Buffer.from(join(tree, below), "latin1"), { encoding: "latin1" })
    .sort()
    .flatMap((name) => {
      const path = join(below, name);
      const full = Buffer.from(join(tree, path), "latin1");
      const stat = lstatSync(full);
      const content = stat.isFile()
        ? readFileSync(full, "utf8")
        : stat.isSymbolicLink()
          ? readlinkSync(full)
          : "";
      const old = [stat.atimeMs, stat.mtimeMs].map((time) => (time < 1e9 ? time : "now")).join(" ");
      const links = stat.isDirectory() ? "" : stat.nlink;
      const owner = `${stat.uid}:${stat.gid}`;
      const line = `${path} ${stat.mode.toString(8)} ${owner} ${links} ${old} ${content}`;
      return stat.isDirectory() ? [line, ...describeTree(tree, path)] : [line];
    });
}
