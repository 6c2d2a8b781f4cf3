import { isIP } from "node:net";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  formatAddress,
  formatNetwork,
  formatPorts,
  masked,
  networkContains,
  parseAddress,
  parseHostAndPrefix,
  parsePorts,
} from "../../src/model/network.ts";

const bytes = fc.oneof(
  fc.uint8Array({ minLength: 4, maxLength: 4 }),
  fc
    .array(fc.constantFrom(0, 0, 0, 1, 0xff), { minLength: 16, maxLength: 16 })
    .map((list) => Uint8Array.from(list)),
);

test("print then parse is the identity", () => {
  fc.assert(
    fc.property(bytes, (address) => {
      const text = formatAddress(address);
      expect(isIP(text)).toBe(address.length === 4 ? 4 : 6);
      const isMapped =
        address.length === 16 &&
        /^::ffff:/.test(text) &&
        address.subarray(0, 10).every((byte) => byte === 0);
      expect(parseAddress(text)).toEqual(
        isMapped && address[10] === 255 ? address.slice(12) : address,
      );
    }),
    { numRuns: 2000 },
  );
});

test("addresses are those that Node knows, but for zones", () => {
  const text = fc.array(
    fc.constantFrom("1", "0", "ff", ":", "::", ".", "256", "01", "g", "12345"),
    { maxLength: 14 },
  );
  fc.assert(
    fc.property(text, (parts) => {
      const written = parts.join("");
      expect(parseAddress(written) !== null, written).toBe(isIP(written) !== 0);
    }),
    { numRuns: 3000 },
  );
  expect(parseAddress("[::1]")).toEqual(parseAddress("::1"));
  for (const bad of ["", "[1.2.3.4]", "fe80::1%eth0", "1.2.3", "0x7f.0.0.1", "1.2.3.4 ", "::1]"]) {
    expect(parseAddress(bad), bad).toBeNull();
  }
});

test.each([
  ["::ffff:10.0.0.1", "10.0.0.1"],
  ["2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
  ["1:0:2:0:3:0:4:0", "1:0:2:0:3:0:4:0"],
  ["0:0:0:0:0:0:0:0", "::"],
  ["1::", "1::"],
])("%s is written %s (RFC 5952)", (text, expected) => {
  expect(formatAddress(parseAddress(text) as Uint8Array)).toBe(expected);
});

test("networks", () => {
  for (const text of ["10.0.0.0/8", "0.0.0.0/0", "10.1.2.3", "fe80::/10", "::/0", "2001:db8::1"]) {
    const network = parseHostAndPrefix(text);
    expect(network && formatNetwork(network)).toBe(text);
  }
  expect(parseHostAndPrefix("::ffff:10.0.0.0/104")).toEqual(parseHostAndPrefix("10.0.0.0/8"));
  for (const bad of [
    "10.0.0.0/33",
    "10.0.0.0/",
    "10.0.0.0/-1",
    "10.0.0.0/08",
    "::/129",
    "::ffff:10.0.0.0/8",
    "/8",
  ]) {
    expect(parseHostAndPrefix(bad), bad).toBeNull();
  }
  for (const [written, network] of [
    ["10.0.0.1/8", "10.0.0.0/8"],
    ["fe80::1/10", "fe80::/10"],
  ] as const) {
    const parsed = parseHostAndPrefix(written);
    expect(parsed && [formatNetwork(parsed), formatNetwork(masked(parsed))]).toEqual([
      written,
      network,
    ]);
  }
});

test("a network holds an address when the first bits agree, by comparing bit strings", () => {
  const bits = (address: Uint8Array) =>
    [...address].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  fc.assert(
    fc.property(bytes, bytes, fc.nat(128), (one, other, length) => {
      const prefix = Math.min(length, one.length * 8);
      const network = { family: one.length === 4 ? 4 : 6, address: one, prefix } as const;
      const expected =
        one.length === other.length && bits(one).slice(0, prefix) === bits(other).slice(0, prefix);
      expect(networkContains(network, other)).toBe(expected);
    }),
  );
  expect(networkContains(null, Uint8Array.of(1, 2, 3, 4))).toBe(true);
});

test("ports", () => {
  for (const text of ["80", "1024-65535", "*", "0"]) {
    const ports = parsePorts(text);
    expect(ports && formatPorts(ports)).toBe(text);
  }
  for (const bad of [
    "",
    "65536",
    "90-80",
    "80-",
    "-80",
    "a",
    "1-2-3",
    "+80",
    "80,81",
    "080",
    "1-010",
  ])
    expect(parsePorts(bad), bad).toBeNull();
});
