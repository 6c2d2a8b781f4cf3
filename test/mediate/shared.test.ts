import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  watch,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { PUBLIC_FOLDER, SHARED_FILE } from "../../src/base/modes.ts";
import { AF_UNIX, SOCK_SEQPACKET } from "../../src/kernel/constants.ts";
import { syscall } from "../../src/kernel/ffi.ts";
import { number } from "../../src/kernel/syscalls.ts";
import { CALLER_MS_MAX, SLOW_CALLS_MAX } from "../../src/mediate/limits.ts";
import { encodePlan } from "../../src/plan/encode.ts";
import { needsRoot } from "../support/skip.ts";
import { type Built, buildAll } from "./build.ts";
import {
  activeOf,
  endMediators,
  folderInMemory,
  mediatorsOf,
  socketThere,
  standByOf,
} from "./mediators.ts";
import { scenePlan, startScene } from "./scene.ts";

const TIMEOUT_MS = 120_000;
/** Some thousand calls are answered within, in milliseconds. */
const ANSWER_MS = 60_000;
/** LANDLOCK_ACCESS_FS_WRITE_FILE. */
const WRITE_RIGHT = 1n << 1n;

let built: Built;
let tree: string;
let socket: string;
let mediator: ChildProcess;
/** Compiled once: it may run on after its test. */
let silent: string;
beforeAll(async () => {
  built = await buildAll();
  silent = built.compile("silent", "-pthread");
});
afterAll(() => built.remove());

beforeEach(async (context) => {
  needsRoot(context);
  tree = folderInMemory();
  for (const name of ["open", "shut", "slow", "run"]) mkdirSync(join(tree, name));
  writeFileSync(join(tree, "open/file"), "");
  for (const name of ["counter", "counter2"]) writeFileSync(join(tree, name), Buffer.alloc(16));
  socket = join(tree, "run/mediator.sock");
  mediator = start([]);
  await socketThere(socket);
});
afterEach(async () => {
  await endMediators(socket);
  rmSync(tree, { recursive: true });
});

/** `inside`: a command that starts it. */
function start(inside: readonly string[], at = socket): ChildProcess {
  const [command = "", ...args] = [...inside, process.execPath, built.mediator, "shared", at];
  return spawn(command, args, { stdio: "ignore", env: { PATH: "/usr/bin:/bin" } });
}

async function startAnew(inside: readonly string[]): Promise<void> {
  await endMediators(socket);
  rmSync(socket);
  mediator = start(inside);
  await socketThere(socket);
}

/** Of the active one: on a busy machine it may be another one by now. */
function descriptors(): number {
  return readdirSync(`/proc/${activeOf(socket)}/fd`).length;
}

/** A domain of the one mediator. */
function domain(
  program: readonly string[],
  rules = [`rwcda ${tree}/open/*`],
  inside: readonly string[] = [],
) {
  const landlock = ["counter", "counter2"].map((name) => ({
    path: join(tree, name),
    rights: WRITE_RIGHT,
  }));
  return startScene(
    built,
    { rules, joins: socket, inside, landlock, notify: ["ioctl"] },
    program,
    tree,
  );
}

test("domains take turns, however many of a domain's threads ask", {
  timeout: TIMEOUT_MS,
}, async () => {
  const turns = built.compile("turns");
  const askers = [
    { name: "many", threads: 40, file: join(tree, "counter") },
    { name: "few", threads: 8, file: join(tree, "counter2") },
  ];
  // In the order in which the mediator made them.
  const made: string[] = [];
  const watcher = watch(
    join(tree, "open"),
    (what, name) => what === "rename" && made.push(`${name}`),
  );
  const runs = askers.map(({ name, threads, file }) =>
    domain([turns, `${threads}`, file, `open/${name}`]),
  );
  const pidOf = (file: string) => Number(readFileSync(file).readBigUInt64LE(0));
  while (askers.some(({ file }) => pidOf(file) === 0)) await sleep(5);
  mediator.kill("SIGSTOP");
  while (!isStopped(mediator)) await sleep(5);
  for (const { file } of askers) {
    const begin = readFileSync(file);
    begin.writeBigUInt64LE(1n, 8);
    writeFileSync(file, begin, { flag: "r+" });
  }
  while (askers.some(({ file, threads }) => threadsIn("mkdir", pidOf(file)) < threads))
    await sleep(5);
  mediator.kill("SIGCONT");
  for (const { done } of runs) expect((await done).status).toBe(0);
  while (made.length < 50) await sleep(5);
  watcher.close();
  const order = made.filter((name) => !/\D0$/.test(name)).map((name) => name.replace(/\d+$/, ""));
  // Until the few have all had theirs, one of each after the other.
  for (let turn = 0; turn < 8; turn++)
    expect(order.slice(2 * turn, 2 * turn + 2).sort()).toEqual(["few", "many"]);
});

/** As systemd-shutdown(8) ends what has outlived its unit. */
test("SIGTERM ends it and its stand-by once it serves no domain, and not before", {
  timeout: TIMEOUT_MS,
}, async () => {
  const counter = join(tree, "counter");
  const waits = domain([built.compile("turns"), "1", counter, "open/one"]);
  while (readFileSync(counter).readBigUInt64LE(0) === 0n) await sleep(5);
  await expect.poll(() => standByOf(socket)).not.toBeNull();
  const serving = activeOf(socket);
  process.kill(serving, "SIGTERM");
  const other = await domain([built.target, "chmod", "open/file", "0600"]).done;
  expect(other.lines).toEqual(["chmod: 0 -"]);
  expect(activeOf(socket)).toBe(serving);
  const begin = readFileSync(counter);
  begin.writeBigUInt64LE(1n, 8);
  writeFileSync(counter, begin, { flag: "r+" });
  expect((await waits.done).status).toBe(0);
  const left = () => {
    const pids = mediatorsOf(socket);
    for (const pid of pids) process.kill(pid, "SIGTERM");
    return pids;
  };
  await expect.poll(left).toEqual([]);
});

test("SIGTERM ends it also while it starts", { timeout: TIMEOUT_MS }, async () => {
  for (let after = 40; after < 240; after += 5) {
    const at = join(tree, `run/${after}.sock`);
    const other = start([], at);
    const ended = once(other, "exit");
    await sleep(after);
    other.kill("SIGTERM");
    await ended;
    // Its stand-by sees that, and ends, too.
    await expect.poll(() => mediatorsOf(at)).toEqual([]);
  }
});

/** What is ready before it has stopped would be served first. */
function isStopped({ pid }: ChildProcess): boolean {
  return /^State:\sT/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
}

/** How many threads of a process wait in that call. */
function threadsIn(call: string, pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const inCall = `${number(call)} `;
  return threads.filter((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/syscall`, "utf8").startsWith(inCall),
  ).length;
}

test("a file system that hangs for one domain delays no other, and its own calls are bounded", {
  timeout: TIMEOUT_MS,
}, async () => {
  await startAnew([built.compile("fuse"), join(tree, "slow")]);
  const namespace = ["nsenter", "-t", `${mediator.pid}`, "-m", "--"];
  const program = [built.compile("waiters"), `${4 * SLOW_CALLS_MAX}`, join(tree, "slow/hang")];
  const waits = domain(program, [`rwcda ${tree}/slow/*`], namespace);
  const made = join(tree, "open/made");
  const quiet = await domain(
    [built.target, ...repeated(100, `mkdir ${made} 0755 ; rmdir ${made}`)],
    undefined,
    namespace,
  ).done;
  expect(quiet.lines).toEqual(
    Array.from({ length: 100 }, () => ["mkdir: 0 -", "rmdir: 0 -"]).flat(),
  );
  const waited = await waits.done;
  expect(waited.stderr).toBe("");
  expect(waited.lines).toEqual([expect.stringMatching(/^again \d+ other 0$/)]);
});

/** Usually one of the first hundreds is won; each takes a descriptor. */
const RACES_MAX = 15_000;

test.each(["plain", "race"])(
  "a descriptor whose close(2) never returns delays no domain: %s",
  async (way) => {
    await startAnew([built.compile("fuse"), join(tree, "slow")]);
    const namespace = ["nsenter", "-t", `${mediator.pid}`, "-m", "--"];
    const before = activeOf(socket);
    const mark = join(tree, "counter");
    writeFileSync(mark, "");
    const asks = domain(
      [silent, join(tree, "slow/silent"), mark, way, `${RACES_MAX}`],
      undefined,
      namespace,
    );
    try {
      await expect.poll(() => readFileSync(mark, "utf8"), { timeout: ANSWER_MS }).toBe(".");
      const quiet = await domain(
        [built.target, "mkdir", join(tree, "open/made"), "0755"],
        undefined,
        namespace,
      ).done;
      expect(quiet.lines).toEqual(["mkdir: 0 -"]);
      // A thread of the one that copied such a descriptor waits for ever, and so may its end.
      if (way === "race")
        await expect.poll(() => activeOf(socket), { timeout: ANSWER_MS }).not.toBe(before);
    } finally {
      asks.process.kill("SIGKILL");
      // The file system among them, for which a mediator that waits would wait for ever.
      for (const child of childrenOf(mediator)) process.kill(child, "SIGKILL");
    }
  },
);

function childrenOf({ pid }: ChildProcess): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
    .split(" ")
    .filter(Boolean)
    .map(Number);
}

function repeated(times: number, script: string): string[] {
  return Array.from({ length: times }, () => script)
    .join(" ; ")
    .split(" ");
}

test("what is no hand-over is refused, and nothing of it is kept", {
  timeout: TIMEOUT_MS,
}, async () => {
  const strange = built.compile("strange");
  const served = () => domain([built.target, "chmod", "open/file", "0600"]).done;
  // From its first domain on it has a stand-by, with descriptors for that.
  await served();
  await expect.poll(() => standByOf(socket)).not.toBeNull();
  const before = descriptors();
  const variants =
    `wrong-text short-text long-text longer-text no-descriptors two-descriptors five-descriptors
    many-descriptors file-for-events no-listener loose-slots short-slots no-slots no-plan empty-plan
    huge-plan good early-end silent`.split(/\s+/);
  for (const variant of variants) {
    const answer = execFileSync("timeout", ["20", strange, variant, socket], { encoding: "utf8" });
    // Its plan is four thousand zeros.
    expect([variant, answer]).toEqual([variant, "refused\n"]);
  }
  expect((await served()).lines).toEqual(["chmod: 0 -"]);
  await expect.poll(descriptors).toBe(before);
});

test("only a process of root's that is under no filter may hand over, and none of Node's", {
  timeout: TIMEOUT_MS,
}, () => {
  const strange = built.compile("strange");
  chmodSync(tree, PUBLIC_FOLDER);
  chmodSync(join(tree, "run"), PUBLIC_FOLDER);
  const nobody = () =>
    spawnSync(strange, ["silent", socket], { uid: 65_534, gid: 65_534, encoding: "utf8" }).stdout;
  expect(nobody()).toBe("unreachable\n");
  chmodSync(socket, SHARED_FILE);
  const began = Date.now();
  expect(nobody()).toBe("refused\n");
  expect(spawnSync(strange, ["filtered", socket], { encoding: "utf8" }).stdout).toBe("refused\n");
  expect(connectAndRead(socket)).toBe(0);
  // They are not even listened to: each of the three would have had that time to speak.
  expect(Date.now() - began).toBeLessThan(3 * CALLER_MS_MAX);
});

test("the right to hand over is checked again when the descriptors have arrived", {
  timeout: TIMEOUT_MS,
}, () => {
  const strange = built.compile("strange");
  const plan = join(tree, "a.plan");
  writeFileSync(plan, encodePlan(scenePlan({ rules: [] }, join(tree, "log"))));
  const answer = (variant: string) =>
    spawnSync(strange, [variant, socket, plan], { encoding: "utf8" }).stdout;
  expect(answer("good")).toBe("taken\n");
  expect(answer("filtered-late")).toBe("refused\n");
});

test("a run that is served is not taken a second time", { timeout: TIMEOUT_MS }, async () => {
  const strange = built.compile("strange");
  const plan = join(tree, "a.plan");
  writeFileSync(plan, encodePlan(scenePlan({ rules: [] }, join(tree, "log"))));
  const twice = () => spawnSync(strange, ["again", socket, plan], { encoding: "utf8" }).stdout;
  expect(twice()).toBe("taken\nrefused\n");
  await expect.poll(() => standByOf(socket)).not.toBeNull();
  // Those of the run that has just ended may still be among them.
  const before = descriptors();
  for (let turn = 0; turn < 10; turn++) expect(twice(), "another run").toBe("taken\nrefused\n");
  await expect.poll(descriptors).toBeLessThanOrEqual(before);
});

/** As this very process, which is Node's: the bytes that come, 0 for the end. */
function connectAndRead(path: string): number {
  const address = Buffer.alloc(2 + path.length + 1);
  address.writeUInt16LE(AF_UNIX);
  address.write(path, 2);
  const fd = syscall("socket", AF_UNIX, SOCK_SEQPACKET, 0);
  try {
    syscall("connect", fd, address, address.length);
    return syscall("recvfrom", fd, Buffer.alloc(1), 1, 0, null, null);
  } finally {
    syscall("close", fd);
  }
}

test("there is one at a time, and what ended is forgotten", { timeout: TIMEOUT_MS }, async () => {
  const second = spawnSync(process.execPath, [built.mediator, "shared", socket]);
  expect(second.status).toBe(0);
  const served = async () =>
    expect((await domain([built.target, "chmod", "open/file", "0600"]).done).lines).toEqual([
      "chmod: 0 -",
    ]);
  // With the first domain comes a stand-by, to which there is a connection then.
  await served();
  while (standByOf(socket) === null) await sleep(20);
  const before = descriptors();
  for (let turn = 0; turn < 20; turn++) await served();
  // One more or less: a domain that keeps the loop waiting is left behind with its mediator.
  while (descriptors() > before || standByOf(socket) === null) await sleep(20);
});
