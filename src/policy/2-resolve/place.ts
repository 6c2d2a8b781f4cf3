import {
  formatNetwork,
  formatPorts,
  masked,
  PORT_MAX,
  parseHostAndPrefix,
  parsePorts,
} from "../../model/network.ts";
import type { Network, PortRange } from "../../model/policy.ts";

export interface Place {
  readonly network: Network | null;
  readonly ports: PortRange;
}

export type PlaceResult =
  | { readonly places: readonly Place[] }
  | {
      readonly problem:
        | { readonly kind: "bad-place"; readonly reason: string }
        | { readonly kind: "host-bits"; readonly network: string };
    };

/** `loopback` in a place, for both families. */
const loopback: readonly Network[] = [
  { family: 4, address: Uint8Array.of(127, 0, 0, 0), prefix: 8 },
  {
    family: 6,
    address: Uint8Array.from({ length: 16 }, (_, index) => (index === 15 ? 1 : 0)),
    prefix: 128,
  },
];

/**
 * `PORTS`, `ADDRESS:PORTS`, `[ADDRESS6]:PORTS`, `loopback:PORTS`, where PORTS is `80`, `1024-65535`
 * or `*`.
 */
export function parsePlace(text: string): PlaceResult {
  const match = /^(?:(\[[^\]]*\]|[^:[\]]*):)?([^:[\]]*)$/.exec(text);
  if (match === null) return bad("an IPv6 address goes into brackets, and a port follows");
  const ports = parsePorts(match[2] ?? "");
  if (ports === null) return bad(whyNoPorts(match[2] ?? ""));
  const host = match[1];
  if (host === undefined || host === "*") return { places: [{ network: null, ports }] };
  if (host === "loopback") return { places: loopback.map((network) => ({ network, ports })) };
  return parseHost(host, ports);
}

function parseHost(host: string, ports: PortRange): PlaceResult {
  const bracketed = host.startsWith("[");
  const network = parseHostAndPrefix(bracketed ? host.slice(1, -1) : host);
  if (network === null || host.includes(":") !== bracketed)
    return bad(`\`${host}\` is no address with a prefix`);
  if (bracketed && network.family === 4) {
    return bad("an IPv4-mapped address is judged as the IPv4 address in it; write that one");
  }
  const clean = masked(network);
  const same = clean.address.every((byte, index) => byte === network.address[index]);
  if (!same)
    return {
      problem: {
        kind: "host-bits",
        network: bracketed ? `[${formatNetwork(clean)}]` : formatNetwork(clean),
      },
    };
  return { places: [{ network, ports }] };
}

function whyNoPorts(text: string): string {
  const ends = text.split("-");
  const backwards =
    ends.length === 2 && ends.every((end) => end !== "*" && parsePorts(end) !== null);
  return backwards
    ? `the range \`${text}\` runs backwards`
    : `\`${text}\` is no port from 0 to ${PORT_MAX}`;
}

function bad(reason: string): PlaceResult {
  return { problem: { kind: "bad-place", reason } };
}

/** The place as one would write it; `*` for no address and every port. */
export function formatPlace({ network, ports }: Place): string {
  const port = formatPorts(ports);
  if (network === null) return port;
  return network.family === 4
    ? `${formatNetwork(network)}:${port}`
    : `[${formatNetwork(network)}]:${port}`;
}
