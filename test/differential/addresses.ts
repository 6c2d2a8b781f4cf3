import fc from "fast-check";
import { formatNetwork, masked, parseAddress } from "../../src/model/network.ts";
import type { AddressRequest } from "../../src/model/request.ts";

/** What `test/cgroup/programs/probe.c` is told to do. */
export interface AddressProbe {
  readonly verb: "connect" | "send" | "bind";
  readonly protocol: "tcp" | "udp";
  readonly address: string;
  readonly port: number;
}

/** Addresses that stay on this host. */
const loopback4 = fc
  .tuple(fc.constantFrom(0, 1, 128), fc.constantFrom(0, 64), fc.constantFrom(1, 2, 129))
  .map((rest) => `127.${rest.join(".")}`);
const address = fc.oneof(
  loopback4,
  fc.constant("::1"),
  loopback4.map((four) => `::ffff:${four}`),
);
/**
 * High enough for root and users alike, above what the kernel gives out; nothing of this host is
 * expected to listen there.
 */
const port = fc.integer({ min: 61_021, max: 61_030 });
const place = fc.oneof(
  fc.constant(""),
  fc
    .tuple(loopback4, fc.integer({ min: 8, max: 32 }))
    .map(([four, prefix]) => `${network4(four, prefix)}:`),
  fc.constantFrom("[::1]:", "[::/64]:", "loopback:"),
);

function network4(text: string, prefix: number): string {
  return formatNetwork(masked({ family: 4, address: bytesOf(text), prefix }));
}

function bytesOf(text: string): Uint8Array {
  const bytes = parseAddress(text);
  if (bytes === null) throw new Error(text);
  return bytes;
}

/** A line of `network`. */
export const networkLine: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom("", "", "", "deny "),
    fc.constantFrom("connect", "listen"),
    fc.constantFrom("tcp", "udp"),
    place,
    port,
    port,
  )
  .map(
    ([deny, operation, protocol, where, a, b]) =>
      `${deny}${operation} ${protocol} ${where}${Math.min(a, b)}-${Math.max(a, b)}`,
  );

export const addressProbe: fc.Arbitrary<AddressProbe> = fc
  .record({
    verb: fc.constantFrom("connect" as const, "send" as const, "bind" as const),
    protocol: fc.constantFrom("tcp" as const, "udp" as const),
    address,
    port,
  })
  // TCP has no addressed send but fast open, which every domain is refused.
  .map((probe) =>
    probe.protocol === "tcp" && probe.verb === "send"
      ? { ...probe, verb: "connect" as const }
      : probe,
  );

export function addressLine({ verb, protocol, address, port }: AddressProbe): string {
  return `${verb} ${protocol} ${address} ${port}`;
}

export function addressRequest({ verb, protocol, address, port }: AddressProbe): AddressRequest {
  return {
    class: "address",
    operation: verb === "bind" ? "listen" : "connect",
    protocol,
    address: bytesOf(address),
    port,
  };
}
