import { expect, test } from "vitest";
import type { AddressRule } from "../../src/model/policy.ts";
import { grantsEveryUdpDestination, grantsUdpAnswers } from "../../src/model/udp-destinations.ts";

const network = { family: 4, address: Uint8Array.of(10, 0, 0, 0), prefix: 8 } as const;

function rule(change: Partial<AddressRule> = {}): AddressRule {
  const source = { file: "test.yaml", line: 1, column: 1, text: "rule" };
  const every = { network: null, ports: { first: 0, last: 65_535 } };
  return { effect: "allow", operation: "connect", protocol: "udp", ...every, source, ...change };
}

const everywhere = rule();

test.each<[string, AddressRule[], boolean]>([
  ["one rule for every address and port", [everywhere], true],
  ["beside narrower ones", [rule({ network }), everywhere], true],
  [
    "what is listened on and TCP say nothing of it",
    [
      everywhere,
      rule({ operation: "listen", effect: "deny" }),
      rule({ protocol: "tcp", effect: "deny" }),
    ],
    true,
  ],
  ["no rule", [], false],
  ["listening alone", [rule({ operation: "listen" })], false],
  ["TCP alone", [rule({ protocol: "tcp" })], false],
  ["a network", [rule({ network })], false],
  ["some ports", [rule({ ports: { first: 1, last: 65_535 } })], false],
  ["a denial anywhere", [everywhere, rule({ effect: "deny", network })], false],
])("%s", (_, rules, granted) => {
  expect(grantsEveryUdpDestination(rules)).toBe(granted);
});

test.each<[string, AddressRule[], boolean]>([
  ["listening on UDP", [rule({ operation: "listen" })], true],
  ["beside some destinations", [rule({ operation: "listen" }), rule({ network })], true],
  ["where every destination is granted", [rule({ operation: "listen" }), everywhere], false],
  ["listening on TCP", [rule({ operation: "listen", protocol: "tcp" })], false],
  ["a denial to listen", [rule({ operation: "listen", effect: "deny" })], false],
])("answers need a judgement of their own: %s", (_, rules, needed) => {
  expect(grantsUdpAnswers(rules)).toBe(needed);
});
