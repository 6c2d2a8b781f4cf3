import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { MODE_BITS, PRIVATE_FOLDER, PUBLIC_FILE } from "../../src/base/modes.ts";
import { scratchFolder } from "../support/scratch.ts";
import { type Built, buildAll } from "./build.ts";
import { type Run, runScene, type SceneOptions } from "./scene.ts";

let built: Built;
let tree: string;
beforeAll(async () => {
  built = await buildAll();
});
afterAll(() => built.remove());
beforeEach(() => {
  tree = scratchFolder("tree");
  mkdirSync(join(tree, "open"));
  mkdirSync(join(tree, "shut"));
  writeFileSync(join(tree, "open/file"), "mine");
  writeFileSync(join(tree, "shut/file"), "secret");
});
afterEach(() => rmSync(tree, { recursive: true, force: true }));

function run(script: string, options: Partial<SceneOptions> = {}): Run {
  const rules = options.rules ?? [`rwcda ${tree}/open/*`];
  const done = runScene(built, { ...options, rules }, [built.target, ...script.split(" ")], tree);
  expect(done.stderr).toBe("");
  return done;
}

function objects(done: Run): string[] {
  return done.events.map((event) =>
    `${event.class} ${event.operation} ${event.object} ${event.reason}`.replaceAll(tree, "T"),
  );
}

test("every kind of name is refused outside the grant; the event says what allows it", () => {
  const done = run(
    "creat shut/new 0600 ; unlink shut/file ; mkdir shut/dir 0755 ; rmdir shut ; " +
      "symlink x shut/link ; link open/file shut/hard ; " +
      "mknod shut/fifo @S_IFIFO +0600 0 ; rename shut/file open/got ; " +
      "rename open/file shut/gone ; chmod shut/file 0777 ; chown shut/file 1 1 ; " +
      "utimensat @AT_FDCWD shut/file ~ 0 ; setxattr shut/file user.a v 1 0",
  );
  expect(done.lines.map((line) => line.split(" ").at(-1))).toEqual(
    Array.from({ length: 13 }, () => "EACCES"),
  );
  expect(objects(done)).toEqual([
    "name create T/shut/new no-rule",
    "name write T/shut/new no-rule",
    "name delete T/shut/file no-rule",
    "name create T/shut/dir no-rule",
    "name delete T/shut no-rule",
    "name create T/shut/link no-rule",
    "name create T/shut/hard no-rule",
    "two-names link T/open/file -> T/shut/hard no-rule",
    "name create T/shut/fifo no-rule",
    "two-names rename T/shut/file -> T/open/got no-rule",
    "name create T/shut/gone no-rule",
    "two-names rename T/open/file -> T/shut/gone no-rule",
    "name attributes T/shut/file no-rule",
    "name delete T/shut/file no-rule",
    "name attributes T/shut/file no-rule",
  ]);
  expect(done.events[0]).toMatchObject({
    source: "broker",
    verdict: "denied",
    process: { comm: "target" },
    allow: { line: `c ${tree}/shut/new` },
    request: { class: "name", operation: "create", path: `${tree}/shut/new` },
  });
  expect(readFileSync(join(tree, "shut/file"), "utf8")).toBe("secret");
});

test("a symbolic link in a granted directory leads to where it leads", () => {
  symlinkSync("../shut/new", join(tree, "open/to-new"));
  symlinkSync("../shut", join(tree, "open/to-dir"));
  symlinkSync("../shut/file", join(tree, "open/to-file"));
  const done = run(
    "creat open/to-new 0600 ; creat open/to-dir/x 0600 ; unlink open/to-dir/file ; " +
      "chmod open/to-file 0777 ; openat @AT_FDCWD open/to-file @O_CREAT +@O_WRONLY 0600",
  );
  expect(done.lines.every((line) => line.endsWith("EACCES"))).toBe(true);
  expect(existsSync(join(tree, "shut/new"))).toBe(false);
});

test("a rename or link never gives a name more than the object had", () => {
  const rules = [`rcd ${tree}/open/*`, `rwcdx ${tree}/shut/*`];
  const done = run(
    "rename open/file shut/program ; link open/file shut/program ; rename shut/file open/less",
    {
      rules,
    },
  );
  expect(done.lines).toEqual(["rename: -1 EACCES", "link: -1 EACCES", "rename: 0 -"]);
  expect(objects(done)).toEqual([
    "two-names rename T/open/file -> T/shut/program gain",
    "two-names link T/open/file -> T/shut/program gain",
  ]);
});

test("a deny inside a grant holds, and the rule is named", () => {
  const done = run("creat open/kept 0600 ; creat open/other 0600 ; rename open/other open/kept", {
    rules: [`rwcda ${tree}/open/*`, `deny wcd ${tree}/open/kept`],
  });
  expect(done.lines).toEqual([
    "creat: -1 EACCES",
    expect.stringMatching(/^creat: fd/),
    "rename: -1 EACCES",
  ]);
  expect(done.events[0]).toMatchObject({ reason: "rule", rule: `deny wcd ${tree}/open/kept` });
});

test("a writable descriptor needs `w`, and so does truncating an existing file", () => {
  const done = run(
    "creat open/new 0600 ; openat @AT_FDCWD open/new @O_CREAT +@O_RDONLY 0600 ; " +
      "openat @AT_FDCWD open/file @O_CREAT +@O_TRUNC 0600",
    {
      rules: [`rcd ${tree}/open/*`],
    },
  );
  expect(done.lines).toEqual([
    "creat: -1 EACCES",
    expect.stringMatching(/^openat: fd/),
    "openat: -1 EACCES",
  ]);
  expect(readFileSync(join(tree, "open/file"), "utf8")).toBe("mine");
});

test("set-id bits, security attributes, devices and whiteouts are refused under any grant", () => {
  const done = run(
    "chmod open/file 04755 ; chmod open/file 02755 ; creat open/suid 04755 ; " +
      "mknod open/suid2 @S_IFREG +06755 0 ; setxattr open/file security.capability x 1 0 ; " +
      "mknod open/dev @S_IFCHR +0600 0 ; mknod open/null @S_IFCHR +0666 259 ; " +
      "renameat2 @AT_FDCWD open/file @AT_FDCWD open/moved @RENAME_WHITEOUT",
  );
  expect(done.lines.map((line) => line.split(" ").at(-1))).toEqual(
    Array.from({ length: 8 }, () => "EPERM"),
  );
  expect(done.events).toHaveLength(8);
  expect(statSync(join(tree, "open/file")).mode & MODE_BITS).toBe(PUBLIC_FILE);
});

test("a nameless file gets no name, by no road", () => {
  const done = run(
    "openat @AT_FDCWD open @O_TMPFILE +@O_RDWR 0600 ; " +
      "linkat $ #hex=00 @AT_FDCWD open/a @AT_EMPTY_PATH ; " +
      "linkat @AT_FDCWD /proc/self/fd/3 @AT_FDCWD open/b @AT_SYMLINK_FOLLOW",
    {
      rules: [`rwcda ${tree}/open/**`],
    },
  );
  expect(done.lines).toEqual([
    expect.stringMatching(/^openat: fd/),
    "linkat: -1 EPERM",
    "linkat: -1 EPERM",
  ]);
});

test("nothing on procfs is changed, and /proc/self is never the mediator's", () => {
  const done = run(
    "chmod /proc/self/comm 0777 ; chown /proc/self/status 1 1 ; unlink /proc/self/comm ; " +
      "mkdir /proc/self/x 0755 ; openat @AT_FDCWD /proc/self/fd/1 @O_CREAT +@O_RDONLY 0600",
    {
      rules: [`rwcda /**`],
    },
  );
  expect(done.lines.slice(0, 2)).toEqual(["chmod: -1 EACCES", "chown: -1 EACCES"]);
  expect(done.lines.slice(2, 4).every((line) => / -1 E(ACCES|PERM|NOENT)$/.test(line))).toBe(true);
});

test("calls that are not listed, and calls without a handler, are refused by name", () => {
  const done = run("chmod open/file 0600 ; swapon x 0 ; io_uring_setup 1 ~", {
    unlisted: ["chmod"],
    notify: ["swapon"],
  });
  expect(done.lines).toEqual(["chmod: -1 EPERM", "swapon: -1 EPERM", "io_uring_setup: -1 ENOSYS"]);
  expect(objects(done)).toEqual(
    [
      "syscall call chmod no-rule",
      "syscall call swapon no-rule",
      "syscall call io_uring_setup mediator",
    ].map((text) => expect.stringContaining(text.split(" ").slice(0, 3).join(" "))),
  );
});

test("other processes are refused, the own one is not", () => {
  const done = run(
    "prlimit64 1 7 ~ ~ ; prlimit64 0 7 ~ ~ ; sched_setaffinity 1 8 #hex=0100000000000000 ; " +
      "sched_setaffinity 0 8 #hex=0100000000000000",
  );
  expect(done.lines).toEqual([
    "prlimit64: -1 EPERM",
    "prlimit64: 0 -",
    "sched_setaffinity: -1 EPERM",
    "sched_setaffinity: 0 -",
  ]);
});

test("memory that cannot be read is a refusal, also where the kernel could read it", () => {
  const done = run(
    "mkdir ! 0755 ; mkdir #secret=open/from-secret 0755 ; chmod #secret=open/file 0777",
  );
  expect(done.lines).toEqual(["mkdir: -1 EFAULT", "mkdir: -1 EFAULT", "chmod: -1 EFAULT"]);
  expect(done.events[0]).toMatchObject({ object: "unreadable argument", reason: "mediator" });
  expect(existsSync(join(tree, "open/from-secret"))).toBe(false);
});

test("the mediator lends no right that the target lacks", () => {
  chmodSync(join(tree, "open"), PRIVATE_FOLDER);
  const done = run(
    "creat open/new 0600 ; unlink open/file ; chmod open/file 0777 ; chown open/file 33 33",
    {
      as: { uid: 33, gid: 33 },
    },
  );
  expect(done.lines.map((line) => line.split(" ").at(-1))).toEqual([
    "EACCES",
    "EACCES",
    "EACCES",
    "EACCES",
  ]);
  expect(done.events).toEqual([]);
});

test("a process that confines itself further gets no help any more", () => {
  chownSync(join(tree, "open"), 0, 0);
  const done = run(
    "creat open/before 0600 ; prctl 38 1 0 0 0 ; " +
      "landlock_create_ruleset #hex=0001000000000000 8 0 ; landlock_restrict_self $ 0 ; " +
      "creat open/after 0600 ; chmod open/before 0644",
  );
  expect(done.lines.at(-3)).toBe("landlock_restrict_self: 0 -");
  expect(done.lines.at(-2)).toBe("creat: -1 EACCES");
  expect(done.lines.at(-1)).toBe("chmod: -1 EPERM");
  expect(done.events.at(-1)?.object).toContain("own Landlock domain");
});

/** landlock_restrict_self with each of these flags, by one process. */
const ownLayers = (...flags: number[]): string =>
  [
    "prctl 38 1 0 0 0",
    ...flags.map(
      (flag) =>
        `landlock_create_ruleset #hex=0001000000000000 8 0 ; landlock_restrict_self $ ${flag}`,
    ),
  ].join(" ; ");

test("a layer of its own is told of, and may not keep denials out of the records", () => {
  const told = run(ownLayers(0));
  expect(told.lines.at(-1)).toBe("landlock_restrict_self: 0 -");
  expect(told.events).toMatchObject([
    {
      verdict: "noted",
      class: "confinement",
      operation: "landlock_restrict_self",
      process: { comm: "target" },
    },
  ]);
  for (const [flags, names] of [
    [1, "LANDLOCK_RESTRICT_SELF_LOG_SAME_EXEC_OFF"],
    [4, "LANDLOCK_RESTRICT_SELF_LOG_SUBDOMAINS_OFF"],
  ] as const) {
    const hidden = run(ownLayers(flags));
    expect(hidden.lines.at(-1)).toBe("landlock_restrict_self: -1 EPERM");
    expect(hidden.events).toMatchObject([
      { verdict: "denied", object: `landlock_restrict_self(${names})`, reason: "never" },
    ]);
  }
});

test("a process that confined itself may not keep denials out of the audit log either", () => {
  const done = run(ownLayers(0, 1));
  expect(done.lines.at(-1)).toBe("landlock_restrict_self: -1 EPERM");
});

test.each([
  ["user namespace", 0x10000000, "EPERM"],
  // What a socket is bound to is judged all the same (`sockets.test.ts`); here it is a length.
  ["mount namespace", 0x20000, "EINVAL"],
])("a process in its own %s gets no help with names", (kind, flag, bound) => {
  const done = run(
    `creat open/before 0600 ; unshare ${flag} ; creat open/after 0600 ; ` +
      "chmod open/before 0644 ; bind 1 x 1",
  );
  expect(done.lines.slice(1)).toEqual([
    "unshare: 0 -",
    "creat: -1 EACCES",
    "chmod: -1 EPERM",
    `bind: -1 ${bound}`,
  ]);
  expect(done.events.some(({ object }) => object.includes(`own ${kind}`))).toBe(true);
});

test("below another root a name is what it is outside", () => {
  mkdirSync(join(tree, "open/open"));
  const done = run(
    "chroot . ; chdir / ; mkdir /open/made 0755 ; mkdir /shut/made 0755 ; " +
      "mkdir ../../open/dots 0755 ; symlink /open /open/link ; mkdir /open/link/through 0755 ; " +
      "chmod /open/file 0600",
  );
  expect(done.lines.slice(2)).toEqual([
    "mkdir: 0 -",
    "mkdir: -1 EACCES",
    "mkdir: 0 -",
    "symlink: 0 -",
    "mkdir: 0 -",
    "chmod: 0 -",
  ]);
  for (const name of ["made", "dots", "through"])
    expect(existsSync(join(tree, "open", name))).toBe(true);
});

test("without a Landlock layer below nothing is let through", () => {
  const done = run(
    "creat /proc/none 0600 ; mkdir shut/file 0755 ; unlink shut/none ; creat shut/new 0600",
    {
      withoutLandlock: true,
    },
  );
  expect(done.lines.map((line) => line.split(" ").at(-1))).toEqual([
    "EACCES",
    "EACCES",
    "EACCES",
    "EACCES",
  ]);
  expect(done.events[0]?.object).toContain("not checked");
  expect(existsSync(join(tree, "shut/new"))).toBe(false);
});

test("a flood costs one event and a count", () => {
  const done = run(Array.from({ length: 500 }, () => "unlink shut/file").join(" ; "));
  expect(done.lines).toHaveLength(500);
  expect(done.events.length).toBeLessThanOrEqual(3);
  expect(done.events.reduce((sum, { count }) => sum + count, 0)).toBe(500);
});
