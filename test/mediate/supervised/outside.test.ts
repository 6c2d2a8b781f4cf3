import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { all } from "../../../src/kernel/syscalls.ts";
import type { AddressRule, TokenRule } from "../../../src/model/policy.ts";
import { needsRoot } from "../../support/skip.ts";
import { type Built, buildAll } from "../build.ts";
import { type Run, runScene, type SceneOptions } from "../scene.ts";
import { describeTree, unconfined, withTree } from "../tree.ts";
import { everyCapability, toStart } from "./rules.ts";

/** One call outside the domain, the event that tells of it, and what enforcing answers. */
interface Outside {
  readonly script: string;
  readonly event: string;
  /** What else of the same call is told. */
  readonly also?: readonly string[];
  readonly errno: string;
  readonly options?: Partial<SceneOptions>;
}

const name = (script: string, event: string): Outside => ({
  script,
  event: `name ${event} no-rule`,
  errno: "EACCES",
});
const toldOf = ({ event, also = [] }: Outside): string[] => [event, ...also];
const socket = (script: string, what: string): Outside => ({
  script,
  event: `socket create ${what} no-rule`,
  errno: "EPERM",
});
const elsewhere: AddressRule = {
  effect: "allow",
  operation: "connect",
  protocol: "tcp",
  network: null,
  ports: { first: 1, last: 1 },
  source: { file: "scene", line: 1, column: 1, text: "connect tcp 1" },
};
const token = <T extends string>(effect: "allow" | "deny", name: T): TokenRule<T> => ({
  effect,
  token: name,
  source: { file: "scene", line: 1, column: 1, text: name },
});
const never = (script: string, event: string, errno = "EPERM"): Outside => ({
  script,
  event: `syscall ${event} never`,
  errno,
});

const cases: Readonly<Record<string, Outside>> = {
  "open for reading": name("open file @O_RDONLY", "read T/file"),
  "openat for writing": name("openat @AT_FDCWD file @O_WRONLY", "write T/file"),
  openat2: name(
    "openat2 @AT_FDCWD file #hex=000000000000000000000000000000000000000000000000 24",
    "read T/file",
  ),
  "a directory": name("openat @AT_FDCWD dir @O_DIRECTORY", "read T/dir"),
  creat: { ...name("creat new 0600", "create T/new"), also: ["name write T/new no-rule"] },
  "reading and writing": {
    ...name("openat @AT_FDCWD file @O_RDWR", "read T/file"),
    also: ["name write T/file no-rule"],
  },
  "through a link": name("open to-file @O_RDONLY", "read T/file"),
  O_TMPFILE: {
    ...name("openat @AT_FDCWD dir @O_TMPFILE +@O_RDWR 0600", "create T/dir/"),
    also: ["name read T/dir/ no-rule", "name write T/dir/ no-rule"],
  },
  truncate: name("truncate file 3", "write T/file"),
  mkdir: name("mkdir made 0755", "create T/made"),
  mknod: name("mknod fifo @S_IFIFO +0600 0", "create T/fifo"),
  symlink: name("symlink x made", "create T/made"),
  unlink: name("unlink file", "delete T/file"),
  rmdir: name("rmdir empty", "delete T/empty"),
  rename: {
    ...name("rename file moved", "delete T/file"),
    also: ["name create T/moved no-rule", "two-names rename T/file -> T/moved no-rule"],
  },
  link: {
    ...name("link file made", "create T/made"),
    also: ["two-names link T/file -> T/made no-rule"],
  },
  chmod: name("chmod file 0600", "attributes T/file"),
  chown: name("chown file -1 -1", "attributes T/file"),
  utimensat: name("utimensat @AT_FDCWD file ~ 0", "attributes T/file"),
  setxattr: name("setxattr file user.a v 1 0", "attributes T/file"),
  execve: name("execve /usr/bin/true ~ ~", "execute /usr/bin/true"),
  "set-id bits": {
    ...never("chmod file 04755", "set-id bits T/file"),
    options: { rules: ["a /**"] },
  },
  "a unix socket": {
    ...name("socket 1 1 0 ; bind $ #hex=01006e616d6500 7", "listen T/name"),
    options: { rules: ["connect /run/other"] },
  },
  "an abstract name": {
    ...name("socket 1 1 0 ; bind $ #hex=0100006e616d65 7", "listen @name"),
    options: { rules: ["connect /run/other"] },
  },
  "a unix socket where no name is granted": socket("socket 1 1 0", "a unix socket"),
  "a pair of unix datagrams where no name is granted": socket(
    "socketpair 1 2 0 ~",
    "a pair of unix datagram sockets",
  ),
  "a TCP socket where no address is granted": socket("socket 2 1 0", "a TCP socket (IPv4)"),
  "an internet address": {
    script: "socket 2 1 0 ; bind $ #hex=02000000000000000000000000000000 16",
    event: "address listen tcp 0.0.0.0:0 no-rule",
    errno: "EACCES",
    options: { policy: { addresses: [elsewhere] } },
  },
  "a netlink socket": {
    script: "socket 16 3 0",
    event: "socket create netlink route no-rule",
    errno: "EPERM",
  },
  "a call that is not listed": {
    script: "getuid",
    event: "syscall call getuid no-rule",
    errno: "EPERM",
    options: { unlisted: ["getuid"] },
  },
  "a signal": {
    script: "kill 1 18",
    event: "signal kill process 1 of superDom no-rule",
    errno: "EPERM",
  },
  "another's limits": never("prlimit64 1 7 ~ ~", "prlimit64 process 1 of superDom"),
  "a capability": {
    script: "setuid 4242",
    event: "capability use setuid for setuid no-rule",
    errno: "EPERM",
    options: { policy: { capabilities: [] } },
  },
  "System V memory": {
    script: "shmget 0x7c0ffe 4096 0",
    event: "ipc shmget shm no-rule",
    errno: "EPERM",
  },
  "a call that is denied by name, of a kind that is granted": {
    script: "shmget 0x7c0ffe 4096 0",
    event: "syscall call shmget rule",
    errno: "EPERM",
    options: {
      policy: {
        ipc: [token("allow", "shm")],
        syscalls: [...all().map((name) => token("allow", name)), token("deny", "shmget")],
      },
    },
  },
  keyrings: never("keyctl 0 -3 0", "call keyctl"),
  "a namespace": never("unshare 0x04000000", "call unshare(CLONE_NEWUTS)"),
  "new mounts": never("umount2 none 0", "call umount2"),
};

let built: Built;
beforeAll(async () => {
  built = await buildAll();
});
afterAll(() => built.remove());

const asRoot =
  process.getuid?.() === 0
    ? { uid: 0, gid: 0 }
    : { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

function events(run: Run, tree: string): string[] {
  return run.events.map((e) =>
    `${e.class} ${e.operation} ${e.object} ${e.reason}`.replaceAll(tree, "T"),
  );
}

function supervised(
  level: "warning" | "enforcing",
  { script, options }: Outside,
  tree: string,
): Run {
  const { rules, ...rest } = options ?? {};
  const policy = { capabilities: everyCapability };
  const scene = {
    policy,
    supervised: level,
    rules: [...toStart(built), ...(rules ?? [])],
    ...rest,
  } as const;
  const run = runScene(built, scene, [built.target, ...script.split(" ")], tree);
  expect(run.stderr).toBe("");
  return run;
}

describe.each(Object.entries(cases))("%s", (_, outside) => {
  test("at level warning: what the kernel gives, and one event", () => {
    const plain = withTree(asRoot, (tree) => ({
      lines: unconfined(built, tree, outside.script, asRoot),
      tree: describeTree(tree),
    }));
    withTree(asRoot, (tree) => {
      const run = supervised("warning", outside, tree);
      expect({ lines: run.lines, tree: describeTree(tree) }).toEqual(plain);
      expect(events(run, tree)).toEqual(toldOf(outside));
      expect(run.events[0]).toMatchObject({ verdict: "warning", level: "warning" });
    });
  });

  test("at level enforcing: refused, and the same event", () => {
    withTree(asRoot, (tree) => {
      const before = describeTree(tree);
      const run = supervised("enforcing", outside, tree);
      expect(run.lines.at(-1)).toMatch(new RegExp(`: -1 ${outside.errno}$`));
      expect(events(run, tree)).toEqual(toldOf(outside));
      expect(run.events[0]).toMatchObject({ verdict: "denied" });
      expect(describeTree(tree)).toEqual(before);
    });
  });
});

test("a process with an ungranted capability may not even read settings", (context) => {
  needsRoot(context);
  withTree(asRoot, (tree) => {
    const run = supervised(
      "enforcing",
      { script: "adjtimex ~", event: "", errno: "", options: { policy: { capabilities: [] } } },
      tree,
    );
    expect(run.lines).toEqual(["adjtimex: -1 EPERM"]);
    expect(events(run, tree)).toEqual(["capability use sys_time for adjtimex no-rule"]);
  });
});
