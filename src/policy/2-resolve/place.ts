import type { Network, PortRange } from "../../model/policy.ts";
import { decimal, formatNetwork, isMapped, masked, parseNetwork } from "./address.ts";

const PORT_MAX = 65_535;

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
  { family: 6, address: Uint8Array.from({ length: 16 }, (_, index) => (index === 15 ? 1 : 0)), prefix: 128 },
];

/** `PORTS`, `ADDRESS:PORTS`, `[ADDRESS6]:PORTS`, `loopback:PORTS`, where PORTS is `80`, `1024-65535` or `*`. */
export function parsePlace(text: string): PlaceResult {
  const match = /^(?:(\[[^\]]*\]|[^:[\]]*):)?([^:[\]]*)$/.exec(text);
  if (match === null) return bad("an IPv6 address goes into brackets, and a port follows");
  const ports = parsePorts(match[2] ?? "");
  if (typeof ports === "string") return bad(ports);
  const host = match[1];
  if (host === undefined || host === "*") return { places: [{ network: null, ports }] };
  if (host === "loopback") return { places: loopback.map((network) => ({ network, ports })) };
  return parseHost(host, ports);
}

function parseHost(host: string, ports: PortRange): PlaceResult {
  const bracketed = host.startsWith("[");
  const network = parseNetwork(bracketed ? host.slice(1, -1) : host);
  if (network === null || (network.family === 6) !== bracketed) return bad(`\`${host}\` is no address with a prefix`);
  if (isMapped(network)) return bad("an IPv4-mapped address is judged as the IPv4 address in it; write that one");
  const clean = masked(network);
  const same = clean.address.every((byte, index) => byte === network.address[index]);
  if (!same)
    return { problem: { kind: "host-bits", network: bracketed ? `[${formatNetwork(clean)}]` : formatNetwork(clean) } };
  return { places: [{ network, ports }] };
}

function parsePorts(text: string): PortRange | string {
  if (text === "*") return { first: 0, last: PORT_MAX };
  const [from = "", to = from, more] = text.split("-");
  const first = decimal(from, PORT_MAX);
  const last = decimal(to, PORT_MAX);
  if (first === null || last === null || more !== undefined) return `\`${text}\` is no port from 0 to ${PORT_MAX}`;
  return first <= last ? { first, last } : `the range \`${text}\` runs backwards`;
}

function bad(reason: string): PlaceResult {
  return { problem: { kind: "bad-place", reason } };
}

/** The place as one would write it; `*` for no address and every port. */
export function formatPlace({ network, ports }: Place): string {
  const every = ports.first === 0 && ports.last === PORT_MAX;
  const port = every ? "*" : ports.first === ports.last ? String(ports.first) : `${ports.first}-${ports.last}`;
  if (network === null) return port;
  return network.family === 4 ? `${formatNetwork(network)}:${port}` : `[${formatNetwork(network)}]:${port}`;
}
