import { execFileSync } from "node:child_process";
import { linkSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { MODE_BITS, PUBLIC_FILE } from "../../src/base/modes.ts";
import { scratchFolder } from "../support/scratch.ts";
import { type Built, buildAll } from "./build.ts";
import { type Run, runScene } from "./scene.ts";

let built: Built;
let tree: string;
beforeAll(async () => {
  built = await buildAll();
});
afterAll(() => built.remove());
beforeEach(() => {
  tree = scratchFolder("tree");
  mkdirSync(join(tree, "open"));
  writeFileSync(join(tree, "open/file"), "mine");
});
// Node cannot remove names beyond PATH_MAX.
afterEach(() => execFileSync("rm", ["-rf", tree]));

/** Everything but `a` below open/. */
function run(script: string): Run {
  const done = runScene(
    built,
    { rules: [`rwcd ${tree}/open/**`] },
    [built.target, ...script.split(" ")],
    tree,
  );
  expect(done.stderr).toBe("");
  return done;
}

const flags = "#hex=800000000000000000000000000000000000000000000000";

test("inode flags and attributes by descriptor need `a`, and the event says so", () => {
  const done = run(
    "openat @AT_FDCWD open/file @O_RDONLY ; ioctl $ 0x40086602 #hex=40000000 ; " +
      `ioctl 3 0x740086602 #hex=40000000 ; ioctl 3 0x401c5820 ${flags}00000000 ; ` +
      `file_setattr @AT_FDCWD open/file ${flags} 24 0 ; ` +
      "setxattrat @AT_FDCWD open/file 0 user.a #xattr=v 16 ; " +
      "removexattrat @AT_FDCWD open/file 0 user.a ; chmod /proc/self/fd/3 0777 ; " +
      "setxattrat @AT_FDCWD open/file 0 security.capability #xattr=v 16",
  );
  expect(done.lines.slice(1).map((line) => line.split(" ").at(-1))).toEqual([
    ...Array(7).fill("EACCES"),
    "EPERM",
  ]);
  expect(done.events[0]).toMatchObject({
    class: "name",
    operation: "attributes",
    object: `${tree}/open/file`,
    allow: { section: "files", line: `a ${tree}/open/file` },
  });
  expect(statSync(join(tree, "open/file")).mode & MODE_BITS).toBe(PUBLIC_FILE);
});

test("an object that lost the name it was opened by is not nameless while it has another", () => {
  linkSync(join(tree, "open/file"), join(tree, "other"));
  const done = run(
    "openat @AT_FDCWD open/file @O_RDONLY ; unlink open/file ; fchmod 3 0777 ; fchown 3 1 1",
  );
  expect(done.lines.slice(1)).toEqual(["unlink: 0 -", "fchmod: -1 EACCES", "fchown: -1 EACCES"]);
  expect(statSync(join(tree, "other")).mode & MODE_BITS).toBe(PUBLIC_FILE);
});

test("a name that looks like the kernel's word for a removed file is a name", () => {
  const hex = Buffer.from("open/x (deleted)\0").toString("hex");
  writeFileSync(join(tree, "open/x (deleted)"), "");
  const done = run(
    `openat @AT_FDCWD #hex=${hex} @O_RDONLY ; fchmod $ 0777 ; chmod #hex=${hex} 0777`,
  );
  expect(done.lines.slice(1)).toEqual(["fchmod: -1 EACCES", "chmod: -1 EACCES"]);
});

test("a name too long for the kernel to say is refused", () => {
  const part = "n".repeat(250);
  execFileSync(
    "bash",
    ["-c", `cd open; for i in {1..20}; do mkdir ${part}; cd ${part}; done; echo > file`],
    {
      cwd: tree,
    },
  );
  const down = Array(20).fill(`chdir ${part}`).join(" ; ");
  const done = run(
    `chdir open ; ${down} ; openat @AT_FDCWD file @O_RDONLY ; fchmod $ 0777 ; chmod file 0777`,
  );
  expect(done.lines.slice(-2)).toEqual([
    "fchmod: -1 EACCES",
    expect.stringMatching(/chmod: -1 E(ACCES|NAMETOOLONG)/),
  ]);
});

test("what has no name at all is its holder's", () => {
  const done = run(
    "memfd_create x 0 ; fchmod $ 0600 ; socket 1 1 0 ; fchmod $ 0600 ; " +
      "openat @AT_FDCWD open/file @O_RDONLY ; unlink open/file ; fchmod 5 0600",
  );
  expect(done.lines.filter((line) => line.startsWith("fchmod"))).toEqual([
    "fchmod: 0 -",
    "fchmod: 0 -",
    "fchmod: 0 -",
  ]);
});

test("a directory is renamed only where everything below it may be", () => {
  mkdirSync(join(tree, "open/dir"));
  writeFileSync(join(tree, "open/dir/kept"), "");
  const rules = [`rwcd ${tree}/open/**`, `deny d ${tree}/open/dir/kept`];
  const script =
    "rename open/dir open/moved ; rename open/file open/moved ; " +
    "renameat2 @AT_FDCWD open/moved @AT_FDCWD open/dir @RENAME_EXCHANGE";
  const done = runScene(built, { rules }, [built.target, ...script.split(" ")], tree);
  expect(done.lines).toEqual(["rename: -1 EACCES", "rename: 0 -", "renameat2: -1 EACCES"]);
});

test("a directory that contains no grant is not renamed, though that would gain nothing", () => {
  mkdirSync(join(tree, "open/dir"));
  const script = "rename open/dir open/moved ; rename open/file open/moved";
  const done = runScene(
    built,
    { rules: [`rwcd ${tree}/open/*`] },
    [built.target, ...script.split(" ")],
    tree,
  );
  expect(done.lines).toEqual(["rename: -1 EACCES", "rename: 0 -"]);
});

test("set-id bits are refused also where the kernel would make the file", () => {
  const options = { rules: [`rwcd ${tree}/open/**`], kernelCreates: [join(tree, "open")] };
  const script =
    "openat @AT_FDCWD open/a @O_CREAT +@O_WRONLY 04755 ; creat open/b 02755 ; " +
    "openat @AT_FDCWD open @O_TMPFILE +@O_RDWR 04700 ; mknod open/c @S_IFREG +06755 0 ; " +
    "openat @AT_FDCWD open/d @O_CREAT +@O_WRONLY 0755";
  const done = runScene(built, options, [built.target, ...script.split(" ")], tree);
  expect(done.lines.map((line) => line.split(" ").at(-1))).toEqual([
    "EPERM",
    "EPERM",
    "EPERM",
    "EPERM",
    "written",
  ]);
});

test("a file that cannot be handed over is taken away again", () => {
  // RLIMIT_NOFILE (7) down to the three descriptors that are open.
  const script =
    "prlimit64 0 7 #hex=03000000000000000300000000000000 ~ ; " +
    "openat @AT_FDCWD open/new @O_CREAT +@O_WRONLY 0644 ; " +
    "openat @AT_FDCWD open/file @O_CREAT +@O_WRONLY 0644";
  const done = run(script);
  expect(done.lines).toEqual(["prlimit64: 0 -", "openat: -1 EMFILE", "openat: -1 EMFILE"]);
  expect(statSync(join(tree, "open/new"), { throwIfNoEntry: false })).toBeUndefined();
  expect(statSync(join(tree, "open/file")).size).toBe(4);
});
