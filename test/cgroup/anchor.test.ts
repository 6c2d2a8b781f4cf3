import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, rmdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { PASSABLE_FOLDER, PERMISSION_BITS } from "../../src/base/modes.ts";
import { denialCounts } from "../../src/compile/cgroup/denials.ts";
import { withFolderLock } from "../../src/compile/cgroup/lock.ts";
import { attachedTags } from "../../src/kernel/bpf/attach.ts";
import { attachTypes, inetPrograms } from "../../src/kernel/bpf/attach-types.ts";
import { libbpf } from "../../src/kernel/bpf/libbpf.ts";
import { BPF_PROG_DETACH, O_DIRECTORY, O_RDONLY } from "../../src/kernel/constants.ts";
import { close, open, syscall } from "../../src/kernel/ffi.ts";
import type { Policy } from "../../src/model/policy.ts";
import { Arena, needsArena } from "./arena.ts";
import { addressRule, policyOf } from "./policies.ts";

let arena: Arena;
const running: ChildProcess[] = [];

beforeEach((context) => {
  needsArena(context);
  arena = new Arena();
});
afterEach(async () => {
  for (const child of running.splice(0)) {
    child.stdin!.end();
    await once(child, "close");
  }
  arena?.remove();
});

const web = withAddresses("connect tcp *:80", "connect udp *:53", "listen udp *:53");
const other = withAddresses("connect tcp *:81", "connect udp *:53", "listen udp *:53");

function withAddresses(...lines: readonly string[]): Policy {
  return policyOf({ name: "web@1", addresses: lines.map(addressRule) });
}

/** A process inside the anchor, until the test is over. */
async function enter(program: string, procs: string): Promise<ChildProcess> {
  const child = spawn(program, [procs], { stdio: ["pipe", "pipe", "inherit"] });
  running.push(child);
  child.stdin!.write("keep tcp\n");
  await once(child.stdout!, "data");
  return child;
}

function withAnchor<T>(anchor: string, work: (fd: number) => T): T {
  const fd = open(anchor, O_RDONLY | O_DIRECTORY);
  try {
    return work(fd);
  } finally {
    close(fd);
  }
}

/** Takes the only program of the hook away, as an administrator could. */
function detach(anchor: string, attachType: number): void {
  withAnchor(anchor, (fd) => {
    const ids = new Uint32Array(new ArrayBuffer(4));
    expect(libbpf().queryPrograms(fd, attachType, 0, [0], ids, [1])).toBe(0);
    const program: number = libbpf().programById(ids[0]);
    const attributes = Buffer.from(new ArrayBuffer(144));
    for (const [at, value] of [fd, program, attachType].entries())
      attributes.writeUInt32LE(value, 4 * at);
    syscall("bpf", BPF_PROG_DETACH, attributes, attributes.length);
    close(program);
  });
}

test("an anchor carries every program by the tag that the plan names", async () => {
  const plan = await arena.prepare(web);
  expect(basename(plan.anchor)).toMatch(/^web@1\.[0-9a-f]{16}$/);
  expect(plan.programs.map((program) => program.attachType)).toEqual(
    Object.values(attachTypes).sort((a, b) => a - b),
  );
  for (const { attachType, tag } of plan.programs) {
    expect(withAnchor(plan.anchor, (fd) => attachedTags(fd, attachType))).toEqual([
      Buffer.from(tag).toString("hex"),
    ]);
  }
  expect(statSync(dirname(plan.anchor)).mode & PERMISSION_BITS).toBe(PASSABLE_FOLDER);
});

test("packets and received datagrams are looked at only where that decides something", async () => {
  const looking = ["egress", "recvmsg4", "recvmsg6"] as const;
  const attached = async (...rules: readonly string[]) => {
    const { anchor, programs } = await arena.prepare(withAddresses(...rules));
    return looking.filter((name) => {
      const { length } = withAnchor(anchor, (fd) => attachedTags(fd, attachTypes[name]));
      const inPlan = programs.filter(({ attachType }) => attachType === attachTypes[name]);
      expect(inPlan).toHaveLength(length);
      return length === 1;
    });
  };
  expect(await attached("connect udp *:53")).toEqual(["egress"]);
  expect(await attached("connect tcp *:80", "listen tcp *:53")).toEqual([]);
  expect(await attached("connect tcp *:80", "listen udp *:53")).toEqual(looking);
  expect(await attached("connect udp *:0-65535")).toEqual([]);
  expect(await attached("connect udp *:0-65535", "listen udp *:53")).toEqual([]);
  expect(await attached("connect udp *:0-65535", "deny connect udp *:53")).toEqual(["egress"]);
});

test("preparing again changes nothing, another policy gets another anchor", async () => {
  const first = await arena.prepare(web);
  const { ino } = statSync(first.anchor);
  expect(await arena.prepare(web)).toEqual(first);
  expect(statSync(first.anchor).ino).toBe(ino);
  const second = await arena.prepare(other);
  expect(second.anchor).not.toBe(first.anchor);
  expect(second.programs).toEqual(first.programs);
});

test("many preparers at once make one whole anchor", async () => {
  const plans = await Promise.all(Array.from({ length: 6 }, () => arena.prepare(web)));
  expect(new Set(plans.map((plan) => plan.anchor)).size).toBe(1);
  for (const { attachType } of plans[0]!.programs) {
    expect(withAnchor(plans[0]!.anchor, (fd) => attachedTags(fd, attachType))).toHaveLength(1);
  }
});

test("who waits for the lock is told so in the end", async () => {
  const folder = dirname((await arena.prepare(web)).anchor);
  const LOCK_EX = 2;
  const fd = open(folder, O_RDONLY | O_DIRECTORY);
  syscall("flock", fd, LOCK_EX);
  await expect(withFolderLock(folder, () => null, 20)).rejects.toThrow(
    /has been locked by another process for 20 ms/,
  );
  close(fd);
  expect(await withFolderLock(folder, () => "free", 20)).toBe("free");
});

test("a half-made anchor is made again", async () => {
  const whole = await arena.prepare(web);
  rmdirSync(whole.anchor);
  mkdirSync(whole.anchor);
  mkdirSync(join(whole.anchor, "left-over"));
  expect(await arena.prepare(web)).toEqual(whole);
  expect(existsSync(join(whole.anchor, "left-over"))).toBe(false);
  const tags = withAnchor(whole.anchor, (fd) => attachedTags(fd, attachTypes.connect4));
  expect(tags).toHaveLength(1);
});

test("an anchor that lost a program while somebody is in it stops the start", async () => {
  const program = arena.compile("probe");
  const plan = await arena.prepare(web);
  await enter(program, arena.child(plan));
  detach(plan.anchor, attachTypes.connect6);
  await expect(arena.prepare(web)).rejects.toThrow(
    /lacks its program connect6.*stop these processes/,
  );
});

test("idle anchors of the same domain go, those in use and those of others stay", async () => {
  const program = arena.compile("probe");
  const used = await arena.prepare(web);
  await enter(program, arena.child(used));
  const stranger = await arena.prepare({ ...web, name: "web@12" });
  const idle = await arena.prepare(other);
  const now = await arena.prepare(policyOf({ name: "web@1" }), { idleAnchorsMax: 0 });
  expect(existsSync(idle.anchor)).toBe(false);
  const left = [used, stranger, now].map((plan) => basename(plan.anchor)).sort();
  expect(
    readdirSync(dirname(now.anchor), { withFileTypes: true })
      .filter((e) => e.isDirectory())
      .map((e) => e.name)
      .sort(),
  ).toEqual(left);
  // What runs in the old anchor keeps its rules.
  expect(arena.probe(program, used, ["connect tcp 127.0.0.1 82"])).toEqual(["EACCES"]);
});

test("what is refused is counted", async () => {
  const program = arena.compile("probe");
  const plan = await arena.prepare(web);
  const none = { create: 0n, connect: 0n, send: 0n, bind: 0n, unixConnect: 0n, unixSend: 0n };
  expect(denialCounts(plan.anchor)).toEqual(none);
  const hex = Buffer.from("\0x").toString("hex");
  const refused = [
    "socket 2 3 1",
    "connect tcp 127.0.0.1 9",
    "connect tcp ::1 9",
    "send udp 127.0.0.1 9",
    "bind udp ::1 9",
  ];
  const unix = [`unix-connect stream ${hex}`, `unix-send dgram ${hex}`, `unix-send pair ${hex}`];
  arena.probe(program, plan, [...refused, ...unix, "connect tcp 127.0.0.1 80"]);
  expect(denialCounts(plan.anchor)).toEqual({
    create: 1n,
    connect: 2n,
    send: 1n,
    bind: 1n,
    unixConnect: 1n,
    unixSend: 2n,
  });
});

test("without the unix hooks the rest is still attached", async () => {
  const plan = await arena.prepare(web, { judged: "sockets" });
  expect(plan.programs.map((program) => program.attachType)).not.toContain(
    attachTypes.connect_unix,
  );
  expect(plan.programs).toHaveLength(inetPrograms.length);
  expect(withAnchor(plan.anchor, (fd) => attachedTags(fd, attachTypes.connect_unix))).toEqual([]);
});

test("a domain's name that is no file name is refused", async () => {
  await expect(arena.prepare({ ...web, name: "../x" })).rejects.toThrow(/cannot name a cgroup/);
});

test("a cgroup that judges nothing is made once and carries no program", async () => {
  const [first, second] = [
    await arena.prepare(web, { judged: null }),
    await arena.prepare(other, { judged: null }),
  ];
  expect(first).toEqual({
    anchor: join(arena.cgroup2, "cofferdam", `web@1.${"0".repeat(16)}`),
    programs: [],
  });
  expect(second).toEqual(first);
  withAnchor(first.anchor, (fd) => {
    for (const type of Object.values(attachTypes)) expect(attachedTags(fd, type)).toEqual([]);
  });
});
