import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { PEERS_MAX } from "../../src/compile/cgroup/programs.ts";
import { replacePrograms } from "../../src/compile/cgroup/replace.ts";
import { encodeAutomaton } from "../../src/model/automaton/binary.ts";
import { buildAutomaton } from "../../src/model/automaton/build.ts";
import { Arena, arenaMissing, needsArena } from "./arena.ts";
import { addressRule, policyOf } from "./policies.ts";

/** Nothing of this host is expected to use these ports. */
const SERVER = 61_053;
const CLIENT = 61_054;
const OTHER = 61_055;

let arena: Arena;
let program: string;

beforeAll(() => {
  if (arenaMissing() !== null) return;
  arena = new Arena();
  program = arena.compile("answer");
});
afterAll(() => arena?.remove());
beforeEach(needsArena);

/**
 * What the kernel says to each line. The sockets `p` and `q` are outside the domain, bound to
 * CLIENT and OTHER of `at`. Those that a line makes are the domain's.
 */
async function ask(
  rules: readonly string[],
  lines: readonly string[],
  at = "127.0.0.9",
): Promise<readonly (readonly [string, string])[]> {
  const plan = await arena.prepare(policyOf({ addresses: rules.map(addressRule) }));
  const family = at.includes(":") ? 6 : 4;
  const outside = [
    ...[`socket p ${family}`, `bind p ${at} ${CLIENT}`],
    ...[`socket q ${family}`, `bind q ${at} ${OTHER}`, `enter ${arena.child(plan)}`],
  ];
  const said = arena.probe(program, null, [...outside, ...lines]);
  expect(said.slice(0, outside.length)).toEqual(outside.map(() => "OK"));
  return lines.map((line, i) => [line, said[outside.length + i] ?? ""]);
}

/** Each line with the answer that is expected. */
async function check(
  rules: readonly string[],
  expected: readonly (readonly [string, string])[],
  at?: string,
): Promise<void> {
  expect(
    await ask(
      rules,
      expected.map(([line]) => line),
      at,
    ),
  ).toEqual(expected);
}

const listen = `listen udp *:${SERVER}`;
const heard = [`send p 127.0.0.1 ${SERVER}`, "OK"] as const;
const received = ["receive s", `127.0.0.9 ${CLIENT}`] as const;
const bound = [
  ["socket s 4", "OK"],
  [`bind s 127.0.0.1 ${SERVER}`, "OK"],
] as const;

test("a server answers the peer that wrote to it, and sends to no other", async () => {
  await check(
    [`listen udp 127.0.0.1:${SERVER}`],
    [
      ...bound,
      [`send s 127.0.0.9 ${CLIENT}`, "EACCES"],
      heard,
      // The server has not taken the datagram yet.
      [`send s 127.0.0.9 ${CLIENT}`, "EACCES"],
      ["peek s", `127.0.0.9 ${CLIENT}`],
      [`send s 127.0.0.9 ${CLIENT}`, "OK"],
      ["receive p", `127.0.0.1 ${SERVER}`],
      [`send s 127.0.0.9 ${OTHER}`, "EACCES"],
      [`send s 127.0.0.8 ${CLIENT}`, "EACCES"],
      [`send s 0.0.0.0 ${CLIENT}`, "EACCES"],
    ],
  );
});

test("an IPv6 socket answers IPv4 peers, too, by their mapped addresses", async () => {
  const lines = [
    ["socket s 6", "OK"],
    [`bind s :: ${SERVER}`, "OK"],
  ] as const;
  await check(
    [listen],
    [
      ...lines,
      heard,
      ["receive s", `::ffff:127.0.0.9 ${CLIENT}`],
      [`send s ::ffff:127.0.0.9 ${CLIENT}`, "OK"],
      [`send s ::ffff:127.0.0.9 ${OTHER}`, "EACCES"],
      [`send s ::1 ${CLIENT}`, "EACCES"],
      [`connect s ::ffff:127.0.0.9 ${CLIENT}`, "OK"],
    ],
  );
  await check(
    [listen],
    [
      ...lines,
      [`send p ::1 ${SERVER}`, "OK"],
      ["receive s", `::1 ${CLIENT}`],
      [`send s ::1 ${OTHER}`, "EACCES"],
      [`send s ::ffff:127.0.0.1 ${CLIENT}`, "EACCES"],
      // It may lead to 127.0.0.1, which has not asked.
      [`send s :: ${CLIENT}`, "EACCES"],
      [`send s ::1 ${CLIENT}`, "OK"],
      ["receive p", `::1 ${SERVER}`],
      [`connect s ::1 ${CLIENT}`, "OK"],
    ],
    "::1",
  );
});

test("0.0.0.0 is answered as the address that it leads to", async () => {
  await check(
    [listen],
    [
      ...bound,
      heard,
      ["receive s", `127.0.0.1 ${CLIENT}`],
      [`send s 0.0.0.0 ${CLIENT}`, "OK"],
      ["receive p", `127.0.0.1 ${SERVER}`],
      [`send s 0.0.0.0 ${OTHER}`, "EACCES"],
    ],
    "127.0.0.1",
  );
});

test("a socket on a port of the kernel's choice answers only where it may connect", async () => {
  const rules = [listen, "listen udp *:0", `connect udp 127.0.0.9:${CLIENT}`];
  await check(rules, [
    ["socket c 4", "OK"],
    [`send c 127.0.0.9 ${CLIENT}`, "OK"],
    ["ask q c", "OK"],
    ["receive c", `127.0.0.9 ${OTHER}`],
    [`send c 127.0.0.9 ${OTHER}`, "EACCES"],
    [`connect c 127.0.0.9 ${OTHER}`, "EACCES"],
    ["socket z 4", "OK"],
    ["bind z 0.0.0.0 0", "OK"],
    ["ask q z", "OK"],
    ["receive z", `127.0.0.9 ${OTHER}`],
    [`send z 127.0.0.9 ${OTHER}`, "EACCES"],
  ]);
});

test("only the socket that received the datagram may answer it", async () => {
  await check(
    [listen],
    [
      ["socket s 4", "OK"],
      [`shared s 127.0.0.1 ${SERVER}`, "OK"],
      heard,
      received,
      ["socket t 4", "OK"],
      [`shared t 127.0.0.1 ${SERVER}`, "OK"],
      [`send t 127.0.0.9 ${CLIENT}`, "EACCES"],
      [`connect t 127.0.0.9 ${CLIENT}`, "EACCES"],
      ["socket u 4", "OK"],
      [`send u 127.0.0.9 ${CLIENT}`, "EACCES"],
      [`send s 127.0.0.9 ${CLIENT}`, "OK"],
    ],
  );
});

test("a server may connect its socket to the peer, and later to no other", async () => {
  await check(
    [listen],
    [
      ...bound,
      heard,
      received,
      [`connect s 127.0.0.9 ${OTHER}`, "EACCES"],
      [`connect s 127.0.0.9 ${CLIENT}`, "OK"],
      ["write s", "OK"],
      ["receive p", `127.0.0.1 ${SERVER}`],
      [`send s 127.0.0.9 ${OTHER}`, "EACCES"],
      ["dissolve s", "OK"],
      [`connect s 127.0.0.9 ${OTHER}`, "EACCES"],
      [`send s 127.0.0.9 ${CLIENT}`, "OK"],
    ],
  );
});

test("a rule that denies to connect denies the answer, too", async () => {
  const lines = [...bound, heard, received] as const;
  await check(
    [listen, `deny connect udp 127.0.0.9:${CLIENT}`],
    [...lines, [`send s 127.0.0.9 ${CLIENT}`, "EACCES"]],
  );
  await check(
    [listen, `deny connect udp 127.0.0.9:${OTHER}`],
    [...lines, [`send s 127.0.0.9 ${CLIENT}`, "OK"]],
  );
});

test("a source route leads no answer to another host", async () => {
  await check(
    [listen],
    [
      ...bound,
      heard,
      received,
      [`routed s 127.0.0.9 127.0.0.9 ${CLIENT}`, "OK"],
      [`routed s 127.0.0.8 127.0.0.9 ${CLIENT}`, "EPERM"],
      [`routed s 127.0.0.9 127.0.0.8 ${CLIENT}`, "EACCES"],
    ],
  );
});

test("of more peers than it keeps the kernel forgets one, which must ask again", async () => {
  const crowd = (count: number) => [`crowd s 127.0.0.1 ${SERVER} ${count}`, "OK"] as const;
  const ofCrowd = ["listen udp 127.1.0.0/16:20000-39999", `connect udp *:${SERVER}`];
  const otherAsks = [
    [`send q 127.0.0.1 ${SERVER}`, "OK"],
    ["receive s", `127.0.0.9 ${OTHER}`],
  ] as const;
  await check(
    [listen, ...ofCrowd],
    [
      ...[...bound, heard, received, ...otherAsks],
      crowd(PEERS_MAX / 4),
      [`send s 127.0.0.9 ${CLIENT}`, "OK"],
      crowd(PEERS_MAX * 2),
      [`send s 127.0.0.9 ${OTHER}`, "EACCES"],
      ...otherAsks,
      [`send s 127.0.0.9 ${OTHER}`, "OK"],
    ],
  );
});

test("a change of policy counts for the next answer; what was received stays known", async () => {
  const policyWith = (...rules: string[]) => policyOf({ addresses: rules.map(addressRule) });
  const control = { level: "enforcing", number: 1, generation: 1, table: 1 } as const;
  const { anchor, programs } = await arena.prepare(policyWith(listen), {
    ...{ judged: "destinations", control },
  });
  const automaton = encodeAutomaton(buildAutomaton([]));
  const change = (...rules: string[]) =>
    replacePrograms(anchor, { policy: policyWith(...rules), automaton, aliases: [] });
  const process = spawn(program, { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(process, "exit");
  const answers = createInterface(process.stdout)[Symbol.asyncIterator]();
  const said = async (line: string): Promise<string> => {
    process.stdin.write(`${line}\n`);
    return String((await answers.next()).value);
  };
  try {
    const child = arena.child({ anchor, programs });
    const before = ["socket p 4", `bind p 127.0.0.9 ${CLIENT}`, `enter ${child}`];
    for (const line of [...before, ...bound.map(([line]) => line), heard[0]])
      expect([line, await said(line)]).toEqual([line, "OK"]);
    expect(await said(received[0])).toBe(received[1]);
    const answer = `send s 127.0.0.9 ${CLIENT}`;
    expect(await said(answer)).toBe("OK");
    change("connect udp *:53");
    expect(await said(answer)).toBe("EACCES");
    change(listen, "connect udp *:53");
    expect(await said(answer)).toBe("OK");
    change(listen, "deny connect udp 127.0.0.0/8:0-65535");
    expect(await said(answer)).toBe("EACCES");
  } finally {
    process.kill();
    // Until it is reaped, its group cannot be removed (EBUSY, cgroups(7)).
    await ended;
  }
});
