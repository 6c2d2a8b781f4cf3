import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type NetworkAutomaton,
  networkAutomaton,
} from "../../src/compile/lsm/network-automaton.ts";
import { addresses } from "../../src/kinds/addresses/model.ts";
import { parseAddress, parseHostAndPrefix, parsePorts } from "../../src/model/network.ts";
import type { AddressRule } from "../../src/model/policy.ts";

const uses = ["connect tcp", "connect udp", "listen tcp", "listen udp", "answer udp"];

/** As bpf/lsm/address.h reads it. */
function isGranted(
  { starts, next }: NetworkAutomaton,
  use: string,
  address: Uint8Array,
  port: number,
) {
  const nibbles = [
    ...[...address].flatMap((byte) => [byte >> 4, byte & 0xf]),
    ...[12, 8, 4, 0].map((shift) => (port >> shift) & 0xf),
  ];
  const start = starts[2 * uses.indexOf(use) + Number(address.length === 16)] as number;
  return nibbles.reduce((state, nibble) => next[state * 16 + nibble] as number, start) === 1;
}

const networks = [
  ...["10.0.0.0/8", "10.0.0.0/7", "10.1.2.3", "10.1.2.0/26", "0.0.0.0/0", "127.0.0.1"],
  ...["fe80::/10", "2001:db8::/33", "2001:db8::9", "::1", "::/0", "2001:db8:8000::/34"],
];
const rule = fc
  .record({
    effect: fc.constantFrom("allow", "deny"),
    use: fc.constantFrom("connect tcp", "listen udp", "connect udp", "listen tcp"),
    network: fc.option(fc.constantFrom(...networks)),
    ports: fc.constantFrom("*", "80", "80-90", "1024-65535", "0", "15-4097"),
  })
  .map(({ effect, use, network, ports }): AddressRule => {
    const [operation, protocol] = use.split(" ");
    return {
      effect: effect as "allow",
      operation: operation as "connect",
      protocol: protocol as "tcp",
      network: network === null ? null : parseHostAndPrefix(network),
      ports: parsePorts(ports) as AddressRule["ports"],
      source: { file: "test", line: 1, column: 1, text: use },
    };
  });
const address = fc.constantFrom(
  ...["10.0.0.1", "10.1.2.3", "10.1.2.63", "10.1.2.64", "11.0.0.1", "12.0.0.1", "127.0.0.1"],
  ...["fe80::1", "febf::1", "fec0::1", "2001:db8::9", "2001:db8:8000::1", "2001:db8:c000::", "::1"],
);
const port = fc.constantFrom(0, 14, 15, 79, 80, 90, 91, 1023, 1024, 4097, 4098, 65_535);

test("an endpoint is granted as `decide()` says, of every use", () => {
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 6 }), address, port, (rules, text, asked) => {
      const bytes = parseAddress(text) as Uint8Array;
      const automaton = networkAutomaton(rules);
      for (const use of uses.slice(0, 4)) {
        const [operation, protocol] = use.split(" ") as ["connect", "tcp"];
        const request = { class: "address", operation, protocol, address: bytes, port: asked };
        const { outcome } = addresses.decide(rules, request as never);
        expect(isGranted(automaton, use, bytes, asked), use).toBe(outcome === "granted");
      }
    }),
    { numRuns: 200 },
  );
});

test("a client that asked may be answered, unless a rule denies sending to it", () => {
  const at = parseAddress("10.1.2.3") as Uint8Array;
  const [denying] = fc.sample(rule, 1) as [AddressRule];
  const denied: AddressRule = {
    ...denying,
    ...{ effect: "deny", operation: "connect", protocol: "udp" },
    ...{ network: parseHostAndPrefix("10.1.0.0/16"), ports: { first: 53, last: 53 } },
  };
  expect(isGranted(networkAutomaton([denied]), "answer udp", at, 53)).toBe(false);
  expect(isGranted(networkAutomaton([denied]), "answer udp", at, 54)).toBe(true);
  expect(isGranted(networkAutomaton([]), "answer udp", at, 53)).toBe(true);
});
