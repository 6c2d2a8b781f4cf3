import fc from "fast-check";
import { expect, test } from "vitest";
import { addressTable, PORT_INTERVALS_MAX } from "../../src/compile/cgroup/address-table.ts";
import { CgroupTableError } from "../../src/compile/cgroup/errors.ts";
import { decide } from "../../src/model/decide.ts";
import type { AddressRule } from "../../src/model/policy.ts";
import { portSet, subtractPorts } from "../../src/model/port-set.ts";
import type { AddressRequest } from "../../src/model/request.ts";
import { lookupAddress, lookupAnswer } from "./lookup.ts";
import { addressBytes, addressRule, policyOf } from "./policies.ts";

/** Few distinct bytes and lengths, so that networks nest and requests hit them. */
const byte = fc.constantFrom(0, 1, 10, 127, 128, 255);
const bytes = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((a) => a.map((b) => b & 0x81));
const four = fc.tuple(byte, byte, byte, byte).map((parts) => Uint8Array.from(parts));
const six = bytes(16);
const mapped = four.map((address) => Uint8Array.from([...Array(10).fill(0), 255, 255, ...address]));
const port = fc.oneof(
  fc.constantFrom(0, 1, 79, 80, 81, 443, 65534, 65535),
  fc.integer({ min: 0, max: 65535 }),
);
const ports = fc
  .tuple(port, port)
  .map(([a, b]) => ({ first: Math.min(a, b), last: Math.max(a, b) }));
const network = fc.oneof(
  fc.constant(null),
  fc
    .tuple(four, fc.integer({ min: 0, max: 32 }))
    .map(([address, prefix]) => ({ family: 4 as const, address, prefix })),
  fc
    .tuple(six, fc.integer({ min: 0, max: 128 }))
    .map(([address, prefix]) => ({ family: 6 as const, address, prefix })),
);
const operation = fc.constantFrom("connect" as const, "listen" as const);
const protocol = fc.constantFrom("tcp" as const, "udp" as const);
const source = fc.constant({ file: "test.yaml", line: 1, column: 1, text: "rule" });
const effect = fc.constantFrom("allow" as const, "allow" as const, "deny" as const);
const rule: fc.Arbitrary<AddressRule> = fc.record({
  effect,
  operation,
  protocol,
  network,
  ports,
  source,
});
const address = fc.oneof(four, six, mapped);
const request: fc.Arbitrary<AddressRequest> = fc.record(
  {
    class: fc.constant("address" as const),
    operation,
    protocol,
    address,
    port,
    answersFrom: fc.record({ address, port }),
  },
  { requiredKeys: ["class", "operation", "protocol", "address", "port"] },
);

test("the address table answers as decide() does", () => {
  fc.assert(
    fc.property(
      fc.array(rule, { maxLength: 12 }),
      fc.array(request, { minLength: 20, maxLength: 20 }),
      (rules, asked) => {
        const table = addressTable(rules);
        const policy = policyOf({ addresses: rules });
        for (const one of asked) {
          const granted = lookupAddress(table, one).granted || lookupAnswer(table, one);
          expect(granted).toBe(decide(policy, one).outcome === "granted");
        }
      },
    ),
    { numRuns: 400 },
  );
});

test("order and duplicates of rules change no byte of the table", () => {
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 8 }), (rules) => {
      const again = addressTable([...rules, ...rules].reverse());
      expect(again).toEqual(addressTable(rules));
    }),
  );
});

test("narrowing never grants more", () => {
  fc.assert(
    fc.property(
      fc.array(rule, { maxLength: 8 }),
      rule,
      fc.array(request, { maxLength: 20 }),
      (rules, extra, asked) => {
        const wide = addressTable(rules);
        const narrow = addressTable([...rules, { ...extra, effect: "deny" }]);
        for (const one of asked) {
          expect(lookupAddress(narrow, one).granted && !lookupAddress(wide, one).granted).toBe(
            false,
          );
        }
      },
    ),
  );
});

test("port sets subtract as sets do", () => {
  const small = fc.array(
    fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 40 })).map(([a, b]) => ({
      first: Math.min(a, b),
      last: Math.max(a, b),
    })),
  );
  const has = (set: readonly { first: number; last: number }[], n: number) =>
    set.some((r) => r.first <= n && n <= r.last);
  fc.assert(
    fc.property(small, small, (a, b) => {
      const left = subtractPorts(portSet(a), portSet(b));
      for (let n = 0; n <= 41; n++) expect(has(left, n)).toBe(has(a, n) && !has(b, n));
      expect(portSet(left)).toEqual(left);
    }),
  );
});

test("a decision costs the same with 10 rules and with 10,000", () => {
  const rulesOf = (count: number) =>
    Array.from({ length: count }, (_, i) =>
      addressRule(`connect tcp 10.${i >> 8}.${i & 255}.0/24:${1 + (i % 7)}`),
    );
  const [few, many] = [addressTable(rulesOf(10)), addressTable(rulesOf(10_000))];
  const asked = {
    class: "address",
    operation: "connect",
    protocol: "tcp",
    address: addressBytes("10.0.3.9"),
    port: 4,
  } as const;
  expect(lookupAddress(few, asked)).toEqual({ granted: true, steps: 1 });
  expect(lookupAddress(many, asked)).toEqual({ granted: true, steps: 1 });
  // Linear memory: one entry a network, equal port sets once.
  expect(many.networkCount).toBe(10_000);
  expect(many.intervals.length).toBe(7);
});

test("the search for a port ends within the program's bound", () => {
  const odd = Array.from({ length: 32_768 }, (_, i) => addressRule(`connect tcp *:${2 * i + 1}`));
  const table = addressTable(odd);
  const steps = (port: number) =>
    lookupAddress(table, {
      operation: "connect",
      protocol: "tcp",
      address: addressBytes("::1"),
      port,
    }).steps;
  const most = Math.max(...Array.from({ length: 65_536 }, (_, port) => steps(port)));
  // PORT_SEARCH_STEPS_MAX of bpf/address.h is 17: these and the step that finds nothing left.
  expect(most).toBe(16);
});

test("too many distinct port sets are refused, not cut", () => {
  const ports = Array.from({ length: 1100 }, (_, i) => addressRule(`connect tcp *:${2 * i}`));
  const networks = Array.from({ length: 1100 }, (_, i) =>
    addressRule(`connect tcp 10.0.${i >> 8}.${i & 255}:${40_000 + 2 * i}`),
  );
  expect(1100 * 1100).toBeGreaterThan(PORT_INTERVALS_MAX);
  expect(() => addressTable([...ports, ...networks])).toThrow(CgroupTableError);
});
