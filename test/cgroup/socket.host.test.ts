import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { Arena, arenaMissing, needsArena } from "./arena.ts";
import { policyOf, socketRule } from "./policies.ts";

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
  const raw = await arena.prepare(
    policyOf({ sockets: [socketRule("raw", null), socketRule("raw", 255, "deny")] }),
  );
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
