import { afterAll, beforeAll, expect, test } from "vitest";
import type { CapabilityName } from "../../../src/kinds/capabilities/model.ts";
import type { Policy, TokenRule } from "../../../src/model/policy.ts";
import { needsRoot } from "../../support/skip.ts";
import { type Built, buildAll } from "../build.ts";
import { type Run, runScene } from "../scene.ts";
import { withTree } from "../tree.ts";
import { toStart } from "./rules.ts";

let built: Built;
beforeAll(async () => {
  built = await buildAll();
});
afterAll(() => built.remove());

const grant = (token: CapabilityName): TokenRule => ({
  ...{ effect: "allow", token },
  source: { file: "scene", line: 1, column: 1, text: token },
});
/** SO_MARK on a socket of its own, and SIOCSIFFLAGS with memory that cannot be read. */
const byNumber = "socket 1 1 0 ; setsockopt 3 1 36 #hex=01000000 4 ; ioctl 3 0x8914 1";

type Level = "enforcing" | "warning";

function run(level: Level, script: string, ...capabilities: readonly CapabilityName[]): Run {
  return withTree({ uid: 0, gid: 0 }, (tree) => {
    const rules = [...toStart(built), `rwcd ${tree}/**`, `listen ${tree}/*`];
    const policy = { capabilities: capabilities.map(grant), addresses: anywhere };
    const options = { supervised: level, rules, policy };
    return runScene(built, options, [built.target, ...script.split(" ")], tree);
  });
}

const anywhere: Policy["addresses"] = [
  {
    ...{ effect: "allow", operation: "connect", protocol: "tcp", network: null },
    ports: { first: 1, last: 1 },
    source: { file: "scene", line: 1, column: 1, text: "connect tcp 1" },
  },
];

test("what takes a capability that is still there is judged in its place", (context) => {
  needsRoot(context);
  const refused = run("enforcing", byNumber);
  expect(refused.lines.slice(1)).toEqual(["setsockopt: -1 EPERM", "ioctl: -1 EPERM"]);
  const denied = { class: "capability", verdict: "denied", allow: { line: "net_admin" } };
  expect(refused.events).toMatchObject([
    { ...denied, object: "net_admin for setsockopt(SOL_SOCKET, SO_MARK)" },
    { ...denied, object: "net_admin for ioctl(SIOCSIFFLAGS)" },
  ]);
  const done = ["setsockopt: 0 -", "ioctl: -1 EFAULT"];
  expect(run("enforcing", byNumber, "net_admin").lines.slice(1)).toEqual(done);
  const warned = run("warning", byNumber);
  expect(warned.lines.slice(1)).toEqual(done);
  expect(warned.events).toMatchObject([{ verdict: "warning" }, { verdict: "warning" }]);
});

test("where one of two capabilities would do, neither does that is not granted", (context) => {
  needsRoot(context);
  const mark = "socket 1 1 0 ; setsockopt 3 1 36 #hex=01000000 4";
  expect(run("enforcing", mark, "net_raw").lines.slice(1)).toEqual(["setsockopt: 0 -"]);
  expect(run("enforcing", mark, "net_bind_service").lines.slice(1)).toEqual([
    "setsockopt: -1 EPERM",
  ]);
});

/** What the kernel grants without a capability, and what it grants for one alone. */
const byValue: Readonly<
  Record<string, { free: string; taking: string; capability: CapabilityName; errno?: string }>
> = {
  SO_PRIORITY: {
    free: "socket 2 1 0 ; setsockopt 3 1 12 #hex=06000000 4",
    taking: "socket 2 1 0 ; setsockopt 3 1 12 #hex=07000000 4",
    capability: "net_admin",
  },
  IP_TRANSPARENT: {
    free: "socket 2 1 0 ; setsockopt 3 0 19 #hex=00000000 4",
    taking: "socket 2 1 0 ; setsockopt 3 0 19 #hex=01000000 4",
    capability: "net_admin",
  },
  SO_DEBUG: {
    free: "socket 2 1 0 ; setsockopt 3 1 1 #hex=00000000 4",
    taking: "socket 2 1 0 ; setsockopt 3 1 1 #hex=01000000 4",
    capability: "net_admin",
    errno: "EACCES",
  },
  sched_setscheduler: {
    free: "sched_setscheduler 0 3 #hex=00000000",
    taking: "sched_setscheduler 0 1 #hex=01000000",
    capability: "sys_nice",
  },
  sched_setattr: {
    free: `sched_setattr 0 #hex=30000000000000000000000000000000050000000000${"00".repeat(26)} 0`,
    taking: `sched_setattr 0 #hex=30000000000000000000000000000000fbffffff${"00".repeat(28)} 0`,
    capability: "sys_nice",
  },
  "sched_setattr, real-time": {
    free: `sched_setattr 0 #hex=3000000003000000${"00".repeat(40)} 0`,
    taking: `sched_setattr 0 #hex=3000000002000000${"00".repeat(12)}01000000${"00".repeat(24)} 0`,
    capability: "sys_nice",
  },
  setpriority: {
    free: "setpriority 0 0 5",
    taking: "setpriority 0 0 -5",
    capability: "sys_nice",
    errno: "EACCES",
  },
  "setpriority of a group": {
    free: "setpgid 0 0 ; setpriority 1 0 5",
    taking: "setpgid 0 0 ; setpriority 1 0 -5",
    capability: "sys_nice",
    errno: "EACCES",
  },
  ioprio_set: {
    free: "ioprio_set 1 0 0x4001",
    taking: "ioprio_set 1 0 0x2001",
    capability: "sys_nice",
  },
};

test.for(Object.entries(byValue))(
  "what takes a capability by its value alone: %s",
  ([, { free, taking, capability, errno = "EPERM" }], context) => {
    needsRoot(context);
    const last = ({ lines }: Run) => lines.at(-1);
    const name = taking.split(" ; ").at(-1)?.split(" ")[0];
    expect(last(run("enforcing", free))).toBe(`${name}: 0 -`);
    const refused = run("enforcing", taking);
    expect(last(refused)).toBe(`${name}: -1 ${errno}`);
    expect(refused.events).toMatchObject([{ verdict: "denied", allow: { line: capability } }]);
    expect(last(run("enforcing", taking, capability))).toBe(`${name}: 0 -`);
    expect(run("warning", free).events).toEqual([]);
    const warned = run("warning", taking);
    expect(last(warned)).toBe(`${name}: 0 -`);
    expect(warned.events).toMatchObject([{ verdict: "warning", allow: { line: capability } }]);
  },
);

test("requests to a network card are refused; changing ones are reported", (context) => {
  needsRoot(context);
  const ask = (command: string) => `socket 2 1 0 ; ioctl 3 0x8946 #ethtool=${command}`;
  expect(run("enforcing", ask("3")).lines.at(-1)).toBe("ioctl: -1 EPERM");
  expect(run("warning", ask("3")).events).toEqual([]);
  expect(run("warning", ask("2")).events).toMatchObject([{ allow: { line: "net_admin" } }]);
});
