import {
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { CLONE_NEWNS } from "../../src/kernel/constants.ts";
import { needsRoot } from "../support/skip.ts";
import { type Built, buildAll } from "./build.ts";
import { activeOf, endMediators, folderInMemory, standByOf, startMediator } from "./mediators.ts";
import { type Run, type SceneOptions, startScene } from "./scene.ts";
import { everyCapability, toStart } from "./supervised/rules.ts";

const TIMEOUT_MS = 120_000;
/** Descriptors of the mediator's namespace that the domain inherits: itself, and `seen` there. */
const HOST_MOUNTS = 8;
const HOST_SEEN = 9;

let built: Built;
let tree: string;
let socket: string;
beforeAll(async () => {
  built = await buildAll();
});
afterAll(() => built.remove());
beforeEach(async (context) => {
  needsRoot(context);
  tree = folderInMemory();
  for (const name of ["host", "seen", "run"]) mkdirSync(join(tree, name));
  writeFileSync(join(tree, "host/file"), "");
  socket = join(tree, "run/mediator.sock");
  await startMediator(built.mediator, socket);
});
afterEach(async () => {
  await endMediators(socket);
  rmSync(tree, { recursive: true });
});

/**
 * A domain that begins, as a unit with PrivateTmp= does, where `seen` shows what the mediator has
 * at `host`, and where `host` is empty.
 */
function start(script: string, more: Partial<SceneOptions> = {}, within: readonly string[] = []) {
  const held = `exec ${HOST_MOUNTS}</proc/self/ns/mnt ${HOST_SEEN}<"$0/seen" && exec unshare -m sh`;
  const mounts = 'mount --bind "$0/host" "$0/seen" && mount -t tmpfs none "$0/host" && exec "$@"';
  const inside = ["sh", "-c", `${held} -c '${mounts}' "$0" "$@"`, tree, ...within];
  const rules = [`rwcda ${tree}/seen/**`, `listen ${tree}/seen/*`, `connect ${tree}/seen/*`];
  return startScene(
    built,
    {
      ...{ joins: socket, inside, sockets: { inet: "broker", unix: "broker" } },
      ...{ notify: ["connect", "sendto"], rules, ...more },
      policy: { capabilities: everyCapability, ...more.policy },
    },
    [built.target, ...script.split(" ")],
    tree,
  );
}

async function run(
  script: string,
  more: Partial<SceneOptions> = {},
  within: readonly string[] = [],
): Promise<Run> {
  const done = await start(script, more, within).done;
  expect(done.stderr).toBe("");
  return done;
}

function unix(name: string): string {
  return `#hex=0100${Buffer.from(name).toString("hex")}00 ${2 + name.length + 1}`;
}

function supervised(level: "enforcing" | "warning"): Partial<SceneOptions> {
  const rules = [...toStart(built), `rwcda ${tree}/seen`, `rwcda ${tree}/seen/**`, "r /proc/**"];
  return { supervised: level, rules };
}

test("names are those that the domain's processes see, in a sealed domain", async () => {
  const { lines } = await run(
    `mkdir ${tree}/seen/a 0700 ; mkdir ${tree}/host/b 0700 ; chdir ${tree}/seen ; ` +
      "mkdir c 0700 ; rename ../seen/a d",
  );
  expect(lines).toEqual([
    "mkdir: 0 -",
    "mkdir: -1 EACCES",
    "chdir: 0 -",
    "mkdir: 0 -",
    "rename: 0 -",
  ]);
  expect(readdirSync(join(tree, "host")).sort()).toEqual(["c", "d", "file"]);
});

test("a unix socket is bound and found at the name that is seen, its address", async () => {
  const name = `${tree}/seen/sock`;
  const { lines } = await run(
    `socket 1 1 0 ; bind $ ${unix(name)} ; getsockname 3 ; listen 3 1 ; socket 1 1 0 ; ` +
      `connect $ ${unix(name)} ; chdir ${tree}/seen ; socket 1 1 0 ; bind $ ${unix("near")}`,
  );
  expect(lines.filter((line) => /bind|getsockname|connect/.test(line))).toEqual([
    "bind: 0 -",
    `getsockname: ${name}`,
    "connect: 0 -",
    "bind: 0 -",
  ]);
  expect(readdirSync(join(tree, "host")).sort()).toEqual(["file", "near", "sock"]);
});

test("opens and programs of a supervised domain are judged by the names that it sees", async () => {
  const { lines, events } = await run(
    `open ${tree}/seen/file 2 ; open ${tree}/host/file 2 ; open /proc/self/stat 0 ; ` +
      `truncate ${tree}/seen/file 0 ; symlink file ${tree}/seen/link ; open ${tree}/seen/link 0`,
    supervised("enforcing"),
  );
  expect(lines).toEqual([
    "open: fd cloexec=0 flags=2 written",
    "open: -1 ENOENT",
    "open: fd cloexec=0 flags=0",
    "truncate: 0 -",
    "symlink: 0 -",
    "open: fd cloexec=0 flags=0",
  ]);
  // On a busy host the mediator may have retired from the domain meanwhile, and says so.
  expect(events.filter((event) => event.class !== "lifecycle")).toEqual([]);
});

test("at level warning nothing that is granted is told of", async () => {
  const { events } = await run(
    `open ${tree}/seen/file 2 ; open ${tree}/run 0 ; mkdir ${tree}/seen/a 0700`,
    supervised("warning"),
  );
  const told = events.filter((event) => event.class !== "lifecycle");
  expect(told.map(({ object }) => object)).toEqual([`${tree}/run`]);
});

test("another namespace, even the mediator's, gains a process that enters it nothing", async () => {
  const chmod = `chmod ${tree}/seen/file 0600`;
  const made = await run(`${chmod} ; unshare ${CLONE_NEWNS} ; ${chmod}`);
  expect(made.lines).toEqual(["chmod: 0 -", "unshare: 0 -", "chmod: -1 EPERM"]);
  const entered = await run(`${chmod} ; setns ${HOST_MOUNTS} ${CLONE_NEWNS} ; ${chmod}`);
  expect(entered.lines).toEqual(["chmod: 0 -", "setns: 0 -", "chmod: -1 EPERM"]);
});

test("a directory of the mediator's namespace that a process holds has no name", async () => {
  const { lines, events } = await run(
    `mkdirat ${HOST_SEEN} a 0700 ; openat ${HOST_SEEN} . 0x410002 0600 ; ` +
      `open /proc/self/fd/${HOST_SEEN} 0x410002 0600 ; open /proc/self/fd/${HOST_SEEN} 0x10000`,
    supervised("enforcing"),
  );
  expect(lines).toEqual([
    "mkdirat: -1 EACCES",
    ...Array.from({ length: 3 }, () => expect.stringMatching(/^open(at)?: -1 EACCES$/)),
  ]);
  for (const { object } of events) expect(object).toContain("another mount namespace");
  expect(readdirSync(join(tree, "seen"))).toEqual([]);
});

test("kernel parameters of another procfs are read at /proc/sys, and nowhere else", async () => {
  const mounts = `mkdir "$1"; mount --bind /proc/sys "$1"; mount -t proc cofferdam-test /proc
    mount --bind "$1" /proc/sys; shift; exec "$@"`;
  const { lines } = await run(
    "open /proc/sys/kernel/ostype 0 ; open /proc/self/stat 0 ; " +
      `open ${tree}/seen/keys/kernel/ostype 0`,
    supervised("enforcing"),
    ["sh", "-euc", mounts, "sh", join(tree, "seen/keys")],
  );
  expect(lines).toEqual([
    "open: fd cloexec=0 flags=0",
    "open: fd cloexec=0 flags=0",
    "open: -1 EACCES",
  ]);
});

/**
 * As systemd's PrivateUsers= does: root is root there, and others are not. The process keeps a
 * group from outside.
 */
function usersOfItsOwn(): readonly string[] {
  const map = "0 0 1";
  const mapped = 'until grep -q . /proc/self/uid_map; do :; done; exec "$@"';
  const maps = `setpriv --groups ${OUTER_GROUP} unshare --user sh -c '${mapped}' sh "$@" &
    process=$!
    until echo '${map}' >"/proc/$process/gid_map"; do :; done 2>/dev/null
    echo '${map}' >"/proc/$process/uid_map"; wait $process`;
  return ["sh", "-c", maps, "sh"];
}

const OUTER_GROUP = 7;

test("users of its own, as PrivateUsers= gives: served, and no capability counts", async () => {
  writeFileSync(join(tree, "host/theirs"), "");
  chownSync(join(tree, "host/theirs"), 1, 1);
  const name = unix(`${tree}/seen/sock`);
  const script =
    `mkdir ${tree}/seen/a 0700 ; chmod ${tree}/seen/theirs 0600 ; ` +
    `chown ${tree}/seen/a -1 ${OUTER_GROUP} ; chown ${tree}/seen/a 0 0 ; ` +
    `socket 1 1 0 ; bind $ ${name}`;
  const { lines } = await run(script, {}, usersOfItsOwn());
  expect(lines.filter((line) => !line.startsWith("socket"))).toEqual([
    ...["mkdir: 0 -", "chmod: -1 EPERM", "chown: -1 EPERM", "chown: 0 -", "bind: 0 -"],
  ]);
});

test("a mediator that takes over sees what the first one saw", {
  timeout: TIMEOUT_MS,
}, async () => {
  const scene = start(
    `mkdir ${tree}/seen/first 0700 ; mknod ${tree}/seen/pipe 010600 0 ; open ` +
      `${tree}/seen/pipe 0 ; ` +
      `mkdir ${tree}/seen/second 0700 ; socket 1 1 0 ; bind $ ${unix(`${tree}/seen/sock`)}`,
  );
  while (!existsSync(join(tree, "host/pipe"))) await sleep(5);
  while (standByOf(socket) === null) await sleep(5);
  const before = activeOf(socket);
  process.kill(before, "SIGKILL");
  while (activeOf(socket) === before) await sleep(5);
  closeSync(openSync(join(tree, "host/pipe"), "w"));
  const { lines } = await scene.done;
  expect(lines.filter((line) => /mkdir|bind/.test(line))).toEqual([
    "mkdir: 0 -",
    "mkdir: 0 -",
    "bind: 0 -",
  ]);
  expect(readdirSync(join(tree, "host")).sort()).toEqual([
    ...["file", "first", "pipe", "second", "sock"],
  ]);
});
