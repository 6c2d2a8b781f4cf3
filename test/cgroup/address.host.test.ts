import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { CgroupPlan } from "../../src/plan/plan.ts";
import { Arena, arenaMissing, needsArena } from "./arena.ts";
import { addressRule, policyOf } from "./policies.ts";

let arena: Arena;
let program: string;

beforeAll(() => {
  if (arenaMissing() !== null) return;
  arena = new Arena();
  program = arena.compile("probe");
});
afterAll(() => arena?.remove());
beforeEach(needsArena);

/**
 * Answers by line; where the hook lets a call through to a closed port of the loopback,
 * ECONNREFUSED.
 */
async function ask(
  rules: readonly string[],
  lines: readonly string[],
): Promise<Record<string, string>> {
  const plan = await arena.prepare(policyOf({ addresses: rules.map(addressRule) }));
  return answers(plan, lines);
}

function answers(plan: CgroupPlan | null, lines: readonly string[]): Record<string, string> {
  const said = arena.probe(program, plan, lines);
  return Object.fromEntries(lines.map((line, i) => [line, said[i] ?? ""]));
}

test("TCP connect is judged by network and port, deny beats allow", async () => {
  const rules = [
    "connect tcp 127.0.1.0/24:100-200",
    "deny connect tcp 127.0.1.128/25:150",
    "connect tcp [::1]:7",
  ];
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
  expect(
    answers(null, [
      "connect tcp 127.0.2.1 100",
      "connect udp 127.0.1.1 100",
      "bind tcp 127.0.0.1 0",
    ]),
  ).toEqual({
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

test("a source route in a message's control data leads no datagram past the rules", async () => {
  const lines = [
    "routed 127.0.0.9 127.0.0.2 9",
    "routed-connected 127.0.0.9 127.0.0.2 9",
    "routed 127.0.0.2 127.0.0.2 9",
  ];
  expect(answers(null, lines)).toEqual(Object.fromEntries(lines.map((line) => [line, "OK"])));
  // On a connected socket the kernel has sendmsg4 judge 0.0.0.0:0 first.
  const zero = "connect udp 127.0.0.1:0";
  // A finished packet is refused with the one error that the kernel has for it.
  expect(await ask(["connect udp 127.0.0.2:9", zero], lines)).toEqual({
    "routed 127.0.0.9 127.0.0.2 9": "EPERM",
    "routed-connected 127.0.0.9 127.0.0.2 9": "EPERM",
    "routed 127.0.0.2 127.0.0.2 9": "OK",
  });
  const all = ["connect udp 127.0.0.2:9", "connect udp 127.0.0.9:9", zero];
  expect(new Set(Object.values(await ask(all, lines)))).toEqual(new Set(["OK"]));
});
