import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { CgroupPlan } from "../../src/plan/plan.ts";
import { Arena, arenaMissing, needsArena } from "./arena.ts";
import { addressRule, policyOf, socketRule } from "./policies.ts";

/** Linux numbers: AF_INET, AF_INET6; SOCK_STREAM, SOCK_DGRAM, SOCK_RAW; IPPROTO_*. */
const INET = 2;
const INET6 = 10;
const [STREAM, DGRAM, RAW] = [1, 2, 3];
const [ICMP, UDPLITE, ICMPV6, SCTP, MPTCP] = [1, 136, 58, 132, 262];

let arena: Arena;
let program: string;

beforeAll(() => {
  if (arenaMissing() !== null) return;
  arena = new Arena();
  program = arena.compile("probe");
});
afterAll(() => arena?.remove());
beforeEach(needsArena);

/** Answers by line; where the hook lets a call through to a closed port of the loopback, ECONNREFUSED. */
async function ask(rules: readonly string[], lines: readonly string[]): Promise<Record<string, string>> {
  const plan = await arena.prepare(policyOf({ addresses: rules.map(addressRule) }));
  return answers(plan, lines);
}

function answers(plan: CgroupPlan | null, lines: readonly string[]): Record<string, string> {
  const said = arena.probe(program, plan, lines);
  return Object.fromEntries(lines.map((line, i) => [line, said[i] ?? ""]));
}

test("TCP connect is judged by network and port, deny beats allow", async () => {
  const rules = ["connect tcp 127.0.1.0/24:100-200", "deny connect tcp 127.0.1.128/25:150", "connect tcp [::1]:7"];
  expect(
    await ask(rules, [
      "connect tcp 127.0.1.1 100",
      "connect tcp 127.0.1.1 150",
      "connect tcp 127.0.1.200 149",
      "connect tcp 127.0.1.200 150",
      "connect tcp 127.0.1.1 99",
      "connect tcp 127.0.2.1 100",
      "connect tcp ::1 7",
      "connect tcp ::1 8",
      "connect udp 127.0.1.1 100",
      "fastopen tcp 127.0.2.1 100",
      "fastopen tcp 127.0.1.1 100",
    ]),
  ).toEqual({
    "connect tcp 127.0.1.1 100": "ECONNREFUSED",
    "connect tcp 127.0.1.1 150": "ECONNREFUSED",
    "connect tcp 127.0.1.200 149": "ECONNREFUSED",
    "connect tcp 127.0.1.200 150": "EACCES",
    "connect tcp 127.0.1.1 99": "EACCES",
    "connect tcp 127.0.2.1 100": "EACCES",
    "connect tcp ::1 7": "ECONNREFUSED",
    "connect tcp ::1 8": "EACCES",
    "connect udp 127.0.1.1 100": "EACCES",
    "fastopen tcp 127.0.2.1 100": "EACCES",
    "fastopen tcp 127.0.1.1 100": "ECONNREFUSED",
  });
});

test("without a program the same calls reach the loopback", () => {
  expect(answers(null, ["connect tcp 127.0.2.1 100", "connect udp 127.0.1.1 100", "bind tcp 127.0.0.1 0"])).toEqual({
    "connect tcp 127.0.2.1 100": "ECONNREFUSED",
    "connect udp 127.0.1.1 100": "OK",
    "bind tcp 127.0.0.1 0": "OK",
  });
});

test("UDP is judged at connect and at every addressed send", async () => {
  const rules = ["connect udp 127.0.0.9:53", "connect udp [::1]:53"];
  expect(
    await ask(rules, [
      "connect udp 127.0.0.9 53",
      "connect udp 127.0.0.9 54",
      "send udp 127.0.0.9 53",
      "send udp 127.0.0.8 53",
      "send udp ::1 53",
      "send udp ::1 54",
      "send udp ::ffff:127.0.0.9 53",
      "send udp ::ffff:127.0.0.8 53",
    ]),
  ).toEqual({
    "connect udp 127.0.0.9 53": "OK",
    "connect udp 127.0.0.9 54": "EACCES",
    "send udp 127.0.0.9 53": "OK",
    "send udp 127.0.0.8 53": "EACCES",
    "send udp ::1 53": "OK",
    "send udp ::1 54": "EACCES",
    "send udp ::ffff:127.0.0.9 53": "OK",
    "send udp ::ffff:127.0.0.8 53": "EACCES",
  });
});

test("an IPv4-mapped address is judged as the IPv4 address inside", async () => {
  const rules = ["connect tcp [::/0]:0-65535", "connect tcp 127.0.0.1:5", "listen tcp 127.0.0.1:0"];
  expect(
    await ask(rules, [
      "connect tcp ::ffff:127.0.0.1 5",
      "connect tcp ::ffff:127.0.0.1 6",
      "bind tcp ::ffff:127.0.0.1 0",
      "bind tcp ::ffff:127.0.0.2 0",
    ]),
  ).toEqual({
    "connect tcp ::ffff:127.0.0.1 5": "ECONNREFUSED",
    "connect tcp ::ffff:127.0.0.1 6": "EACCES",
    "bind tcp ::ffff:127.0.0.1 0": "OK",
    "bind tcp ::ffff:127.0.0.2 0": "EACCES",
  });
});

test("the unspecified address is judged as the loopback it leads to", async () => {
  const lines = [
    "connect tcp 0.0.0.0 9",
    "connect tcp ::ffff:0.0.0.0 9",
    "send udp 0.0.0.0 9",
    "connect tcp :: 9",
    "send udp :: 9",
  ];
  const around = ["connect tcp *:9", "deny connect tcp 127.0.0.0/8:9", "deny connect tcp [::1]:9"];
  const udp = ["connect udp *:9", "deny connect udp 127.0.0.1:9", "deny connect udp [::1]:9"];
  expect(Object.values(await ask([...around, ...udp], lines))).toEqual(lines.map(() => "EACCES"));
  const loopback = ["connect tcp 127.0.0.1:9", "connect udp 127.0.0.1:9", "connect tcp [::1]:9"];
  expect(Object.values(await ask(loopback, lines))).toEqual([
    "ECONNREFUSED",
    "ECONNREFUSED",
    "OK",
    "ECONNREFUSED",
    "EACCES",
  ]);
  // A socket bound to a mapped address would be led to 127.0.0.1, so ::1 alone is not enough.
  expect(await ask(["connect tcp [::1]:9"], ["connect tcp :: 9", "connect tcp ::1 9"])).toEqual({
    "connect tcp :: 9": "EACCES",
    "connect tcp ::1 9": "ECONNREFUSED",
  });
});

test("bind is judged by address and port; a dual-stack socket needs both families", async () => {
  const rules = ["listen tcp 127.0.0.1:0", "listen udp [::1]:0", "listen tcp [::/0]:0"];
  expect(
    await ask(rules, [
      "bind tcp 127.0.0.1 0",
      "bind tcp 127.0.0.2 0",
      "bind tcp 0.0.0.0 0",
      "bind udp ::1 0",
      "bind udp 127.0.0.1 0",
      "bind tcp ::1 0",
      "bind tcp :: 0",
      "bind-v6only tcp :: 0",
    ]),
  ).toEqual({
    "bind tcp 127.0.0.1 0": "OK",
    "bind tcp 127.0.0.2 0": "EACCES",
    "bind tcp 0.0.0.0 0": "EACCES",
    "bind udp ::1 0": "OK",
    "bind udp 127.0.0.1 0": "EACCES",
    "bind tcp ::1 0": "OK",
    "bind tcp :: 0": "EACCES",
    "bind-v6only tcp :: 0": "OK",
  });
});

test("internet sockets other than TCP and UDP are made only where they are granted", async () => {
  const lines = [
    `socket ${INET} ${STREAM} 0`,
    `socket ${INET6} ${DGRAM} 0`,
    `socket ${INET} ${RAW} ${ICMP}`,
    `socket ${INET} ${RAW} 255`,
    `socket ${INET6} ${RAW} ${ICMPV6}`,
    `socket ${INET} ${STREAM} ${MPTCP}`,
    `socket ${INET} ${DGRAM} ${UDPLITE}`,
  ];
  const none = await arena.prepare(policyOf({}));
  const raw = await arena.prepare(policyOf({ sockets: [socketRule("raw", null), socketRule("raw", 255, "deny")] }));
  const before = arena.probe(program, null, lines);
  // A kernel without a protocol says so itself; the ones that are there must all work unconfined.
  const absent = (i: number) => (before[i] === "OK" ? null : before[i]);
  expect(arena.probe(program, none, lines)).toEqual([
    "OK",
    "OK",
    "EACCES",
    "EACCES",
    "EACCES",
    absent(5) ?? "EACCES",
    absent(6) ?? "EACCES",
  ]);
  expect(arena.probe(program, raw, lines).slice(2, 5)).toEqual(["OK", "EACCES", "OK"]);
  expect(arena.probe(program, none, [`socket ${INET} ${STREAM} ${SCTP}`])[0]).not.toBe("OK");
});

test("a socket made before entering is outside, one made inside stays inside", async () => {
  const plan = await arena.prepare(policyOf({}));
  const procs = arena.child(plan);
  const outside = `${arena.cgroup2}/cgroup.procs`;
  const before = ["keep tcp", `leave ${procs}`, "kept 127.0.0.1 9", "connect tcp 127.0.0.1 9"];
  expect(arena.probe(program, null, before)).toEqual(["OK", "OK", "ECONNREFUSED", "EACCES"]);
  const after = ["keep tcp", `leave ${outside}`, "kept 127.0.0.1 9", "connect tcp 127.0.0.1 9"];
  expect(arena.probe(program, plan, after)).toEqual(["OK", "OK", "EACCES", "ECONNREFUSED"]);
});

test("what is granted arrives", async () => {
  const server = createServer((socket) => socket.end()).listen(0, "127.0.0.1");
  const receiver = createSocket("udp4").bind(0, "127.0.0.1");
  await Promise.all([once(server, "listening"), once(receiver, "listening")]);
  const tcp = (server.address() as { port: number }).port;
  const udp = receiver.address().port;
  const got = once(receiver, "message");
  const said = await ask(
    [`connect tcp 127.0.0.1:${tcp}`, `connect udp 127.0.0.1:${udp}`],
    [`connect tcp 127.0.0.1 ${tcp}`, `send udp 127.0.0.1 ${udp}`],
  );
  expect(Object.values(said)).toEqual(["OK", "OK"]);
  expect(String((await got)[0])).toBe("x");
  server.close();
  receiver.close();
});
