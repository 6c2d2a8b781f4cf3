import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, rmdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { CgroupRefusals, EVENTS_PER_TURN } from "../../src/events/collector/cgroup-refusals.ts";
import type { Event } from "../../src/events/event.ts";
import { RefusalReader, recordLimits } from "../../src/kernel/bpf/refusals.ts";
import { Permission } from "../../src/model/permission.ts";
import type { Policy } from "../../src/model/policy.ts";
import { Arena, arenaMissing, needsArena } from "./arena.ts";
import { addressRule, connectUnix, nameRule, policyOf } from "./policies.ts";

/** A refusal that is noted costs well under this, nanoseconds; the call itself about 1,000. */
const REFUSED_SEND_NS_MAX = 20_000;

let arena: Arena;
let program: string;
let launcher = 100_000_000;
beforeAll(() => {
  if (arenaMissing() !== null) return;
  arena = new Arena();
  program = arena.compile("probe");
});
afterAll(() => arena?.remove());
beforeEach(needsArena);

const hex = (name: string) => Buffer.from(name).toString("hex");

interface Instance {
  readonly launcher: number;
  readonly procs: string;
  readonly reading: CgroupRefusals;
  readonly events: Event[];
  ask(lines: readonly string[]): { pid: number; said: string[] };
  /** The same beside what else is running. */
  askAside(line: string): Promise<unknown>;
  poll(max?: number): void;
  /** The cgroup goes, the reading goes on. */
  leave(): void;
  end(): void;
}

/** One run of the domain, read as its collector reads it. */
async function start(policy: Policy, pid = launcher++): Promise<Instance> {
  const { anchor } = await arena.prepare(policy);
  const reader = RefusalReader.open(anchor)!;
  const run = { number: null, domain: "web" };
  const reading = new CgroupRefusals(reader, run, { kind: "named", daemon: pid }, () => policy);
  const folder = join(anchor, String(pid));
  mkdirSync(folder);
  const events: Event[] = [];
  const leave = () => {
    if (existsSync(folder)) rmdirSync(folder);
  };
  return {
    launcher: pid,
    procs: join(folder, "cgroup.procs"),
    reading,
    events,
    ask: (lines) => {
      const result = spawnSync(program, [join(folder, "cgroup.procs")], {
        input: lines.join("\n"),
        encoding: "utf8",
      });
      return { pid: result.pid, said: result.stdout.trimEnd().split("\n") };
    },
    askAside: async (line) => {
      const child = spawn(program, [join(folder, "cgroup.procs")], {
        stdio: ["pipe", "ignore", "inherit"],
      });
      child.stdin.end(line);
      await once(child, "close");
    },
    poll: (max) => reading.poll((event) => events.push(event), max),
    leave,
    end: () => {
      reader.close();
      leave();
    },
  };
}

function sum(events: readonly Event[]): number {
  return events.reduce((total, event) => total + event.count, 0);
}

/** Class, operation, object, allowing line, in the order of objects. */
function told(events: readonly Event[]) {
  return events.map((e) => [e.class, e.operation, e.object, e.allow?.line ?? null]).sort();
}

test("a refused source route arrives as the send to its first hop", async () => {
  const web = await start(policyOf({ addresses: [addressRule("connect udp 127.0.0.2:9")] }));
  const { pid } = web.ask(["routed 127.0.0.9 127.0.0.2 9"]);
  web.poll();
  expect(told(web.events)).toEqual([
    ["address", "connect", "udp 127.0.0.9:9", "connect udp 127.0.0.9:9"],
  ]);
  expect(web.events[0]).toMatchObject({ process: { pid, uid: 0, comm: "probe" } });
  web.end();
});

test("refused addresses arrive with process, object and the line that allows them", async () => {
  const web = await start(policyOf({ addresses: [addressRule("connect tcp 127.0.0.1:80")] }));
  const { pid } = web.ask([
    "connect tcp 127.0.0.2 80",
    "send udp ::1 53",
    "bind tcp :: 8080",
    "connect udp ::ffff:127.0.0.3 7",
    "connect tcp 127.0.0.1 80",
    "socket 2 3 1",
    "socket 10 1 262",
  ]);
  web.poll();
  expect(told(web.events)).toEqual([
    ["address", "connect", "tcp 127.0.0.2:80", "connect tcp 127.0.0.2:80"],
    ["address", "connect", "udp 127.0.0.3:7", "connect udp 127.0.0.3:7"],
    ["address", "connect", "udp [::1]:53", "connect udp [::1]:53"],
    ["address", "listen", "tcp [::]:8080", "listen tcp 8080"],
    ["socket", "create", "an MPTCP socket (IPv6)", null],
    ["socket", "create", "raw icmp (IPv4)", "raw icmp"],
  ]);
  for (const event of web.events) {
    expect(event).toMatchObject({ domain: "web", source: "kernel", verdict: "denied", rule: null });
    expect(event.reason).toBe(event.object.includes("MPTCP") ? "never" : "no-rule");
    expect(event).toMatchObject({ count: 1, process: { pid, uid: 0, comm: "probe" } });
    expect(Math.abs(Date.parse(event.time) - Date.now())).toBeLessThan(5_000);
  }
  web.end();
});

test("refused unix names arrive as they are written in policies", async () => {
  const dir = arena.scratch;
  const rules = [connectUnix(`${dir}/**`), connectUnix(`${dir}/no`, "deny"), connectUnix("@bus-*")];
  const web = await start(
    policyOf({ names: [...rules, nameRule(Permission.create, `${dir}/own/**`)] }),
  );
  const names = [
    "/run/x.sock",
    "\0other",
    "\0bus\0tail",
    "@bus-1",
    `${dir}/no`,
    `${dir}/own/a`,
    `/${"l".repeat(107)}`,
  ];
  web.ask(names.map((name) => `unix-connect stream ${hex(name)}`));
  web.ask([`unix-send dgram ${hex("/run/log\0rest")}`]);
  web.poll();
  expect(told(web.events)).toEqual(
    [
      ["name", "connect", "/run/x.sock", "connect unix /run/x.sock"],
      ["name", "connect", "@other", "connect unix @other"],
      ["name", "connect", "@bus\0tail", null],
      ["name", "connect", "./@bus-1", null],
      ["name", "connect", `${dir}/no`, null],
      // Granted, but the domain could put something else there.
      ["name", "connect", `${dir}/own/a`, null],
      ["name", "connect", `/${"l".repeat(107)}`, `connect unix /${"l".repeat(107)}`],
      ["name", "connect", "/run/log", "connect unix /run/log"],
    ].sort(),
  );
  const denied = web.events.find((event) => event.object === `${dir}/no`);
  expect(denied).toMatchObject({ reason: "rule", rule: `${dir}/no` });
  web.end();
});

test("a reader that ends within a turn leaves the rest to its successor, once", async () => {
  const policy = policyOf({});
  const web = await start(policy);
  web.ask(["spread 100 127.0.0.4 50000"]);
  const { reading } = web;
  const noted = { told: 0, until: 0n };
  const objects: string[] = [];
  const dying = (event: Event) => {
    objects.push(event.object);
    Object.assign(noted, { told: reading.told, until: reading.until });
    if (objects.length === 10) throw new Error("killed");
  };
  expect(() => reading.poll(dying)).toThrow("killed");
  const cgroup = statSync(dirname(web.procs), { bigint: true }).ino;
  const reader = RefusalReader.open(dirname(dirname(web.procs)))!;
  const run = { number: null, domain: "web" };
  const instance = { kind: "known", cgroup, ...noted } as const;
  const successor = new CgroupRefusals(reader, run, instance, () => policy);
  successor.poll((event) => objects.push(event.object));
  successor.poll((event) => objects.push(event.object));
  expect(objects).toHaveLength(100);
  expect(new Set(objects).size).toBe(100);
  expect(successor.missed).toBe(0);
  reader.close();
  web.end();
});

test("a flood of one thing is one entry with an exact count, and costs little", async () => {
  const web = await start(policyOf({}));
  const { said } = web.ask(["flood 10000 127.0.0.1 53", "send udp 127.0.0.1 54"]);
  web.poll();
  web.poll();
  expect(web.events.map((event) => [event.object, event.count]).sort()).toEqual([
    ["udp 127.0.0.1:53", 10_000],
    ["udp 127.0.0.1:54", 1],
  ]);
  expect(web.reading.missed).toBe(0);
  expect(Number(said[0])).toBeLessThan(REFUSED_SEND_NS_MAX);
  const again = web.ask(["flood 5 127.0.0.1 53"]);
  web.poll();
  // Another process is another entry.
  expect(web.events.at(-1)).toMatchObject({
    object: "udp 127.0.0.1:53",
    count: 5,
    process: { pid: again.pid },
  });
  expect(web.events).toHaveLength(3);
  web.end();
});

test("what many different refusals push out is counted as missed", async () => {
  const web = await start(policyOf({}));
  const { said } = web.ask(["spread 10000 127.0.0.1 1000"]);
  expect(Number(said[0])).toBeLessThan(REFUSED_SEND_NS_MAX);
  web.poll();
  expect(web.events).toHaveLength(EVENTS_PER_TURN);
  web.poll(recordLimits.refusals);
  const seen = sum(web.events);
  expect(seen).toBeGreaterThan(recordLimits.refusals / 2);
  expect(seen).toBeLessThanOrEqual(recordLimits.refusals);
  expect(new Set(web.events.map((event) => event.object)).size).toBe(seen);
  expect(seen + web.reading.missed).toBe(10_000);
  web.end();
});

test("during a flood of different refusals a repeated one keeps its exact count", async () => {
  const web = await start(policyOf({}));
  for (let round = 0; round < 10; round++) {
    web.ask([
      "flood 100 127.0.0.1 53",
      `spread 1000 127.0.0.1 ${1_000 + 2_000 * round}`,
      "flood 100 127.0.0.1 53",
    ]);
    web.poll(recordLimits.refusals);
  }
  expect(sum(web.events.filter((event) => event.object === "udp 127.0.0.1:53"))).toBe(2_000);
  expect(sum(web.events)).toBe(12_000);
  expect(web.reading.missed).toBe(0);
  web.end();
});

test("what nobody has seen yet comes before repeats", async () => {
  const web = await start(policyOf({}));
  const child = spawn(program, [web.procs], { stdio: ["pipe", "pipe", "inherit"] });
  const ask = async (line: string) => {
    child.stdin.write(`${line}\n`);
    await once(child.stdout, "data");
  };
  await ask(`spread ${2 * EVENTS_PER_TURN} 127.0.0.1 1000`);
  web.poll(recordLimits.refusals);
  web.events.splice(0);
  await ask(`spread ${2 * EVENTS_PER_TURN} 127.0.0.1 1000`);
  await ask("flood 7 127.0.0.1 53");
  web.poll();
  expect(web.events).toHaveLength(EVENTS_PER_TURN);
  expect(web.events[0]).toMatchObject({ object: "udp 127.0.0.1:53", count: 7 });
  child.stdin.end();
  await once(child, "close");
  web.end();
});

test("refusals on several processors at once are all counted", async () => {
  const web = await start(policyOf({}));
  await Promise.all(Array.from({ length: 4 }, () => web.askAside("flood 50000 127.0.0.1 53")));
  web.poll();
  expect(web.events.map((event) => event.count)).toEqual([50_000, 50_000, 50_000, 50_000]);
  expect(web.reading.missed).toBe(0);
  web.end();
});

test("each of two instances of a domain reads its own refusals, and none before it", async () => {
  const policy = policyOf({ name: "web@1" });
  const [one, two] = [await start(policy), await start(policy)];
  one.ask(["send udp 127.0.0.1 1"]);
  two.ask(["send udp 127.0.0.1 2"]);
  one.poll();
  two.poll();
  expect(one.events.map((event) => event.object)).toEqual(["udp 127.0.0.1:1"]);
  expect(two.events.map((event) => event.object)).toEqual(["udp 127.0.0.1:2"]);
  one.end();
  const sameId = await start(policy, one.launcher);
  sameId.poll();
  expect(sameId.events).toEqual([]);
  sameId.ask(["send udp 127.0.0.1 3"]);
  // The cgroup may be gone before it is looked at.
  sameId.leave();
  sameId.poll();
  expect(sameId.events.map((event) => event.object)).toEqual(["udp 127.0.0.1:3"]);
  for (const instance of [two, sameId]) instance.end();
});
