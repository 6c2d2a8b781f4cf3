import { formatIpv6, parseIpv4, parseIpv6 } from "./network/ip.ts";
import type { Network, PortRange } from "./rule.ts";

/**
 * IP addresses, networks and ports as text and as bytes. An IPv4-mapped IPv6 address is an IPv4
 * address: the kernel sends its packets by IPv4, so `::ffff:10.0.0.1` is read and judged as
 * `10.0.0.1`.
 */

/**
 * 4 or 16 bytes; null for an invalid address. Brackets around IPv6 are allowed, zone indices and
 * octal are not.
 */
export function parseAddress(text: string): Uint8Array | null {
  const bare = text.startsWith("[") && text.endsWith("]") ? text.slice(1, -1) : text;
  const ipv6 = parseIpv6(bare);
  if (ipv6 !== null) return unmapped(ipv6);
  return bare === text ? parseIpv4(bare) : null;
}

/** `10.0.0.1` or, without brackets, `fe80::1` (RFC 5952). */
export function formatAddress(address: Uint8Array): string {
  return address.length === 4 ? address.join(".") : formatIpv6(address);
}

/** As policies spell places, and events spell addresses. */
export function formatEndpoint(address: Uint8Array, port: number): string {
  const text = formatAddress(address);
  return `${text.includes(":") ? `[${text}]` : text}:${port}`;
}

/**
 * `10.0.0.0/8`, `fe80::/10`, or an address alone; null if invalid. Bits beyond the prefix are kept,
 * because `10.0.0.1/8` is a usual spelling; see `masked`.
 */
export function parseHostAndPrefix(text: string): Network | null {
  const slash = text.lastIndexOf("/");
  const written = slash < 0 ? text : text.slice(0, slash);
  const address = parseAddress(written);
  if (address === null) return null;
  const bits = address.length * 8;
  const mapped = address.length === 4 && written.includes(":");
  const prefix =
    slash < 0 ? bits : parsePrefix(text.slice(slash + 1), mapped ? 128 : bits) - (mapped ? 96 : 0);
  return prefix >= 0 ? { family: address.length === 4 ? 4 : 6, address, prefix } : null;
}

/** Clears the bits beyond the prefix. */
export function masked(network: Network): Network {
  return {
    ...network,
    address: network.address.map((byte, index) => byte & maskByte(network.prefix, index)),
  };
}

/** The prefix is left out if it is the whole address. */
export function formatNetwork({ address, prefix }: Network): string {
  const text = formatAddress(address);
  return prefix === address.length * 8 ? text : `${text}/${prefix}`;
}

/** 16 bits. */
export const PORT_MAX = 65_535;

export const everyPort: PortRange = { first: 0, last: PORT_MAX };

export function isEveryPort({ first, last }: PortRange): boolean {
  return first === 0 && last === PORT_MAX;
}

/**
 * `80`, `1024-65535`, `*`, without leading zeros. null for anything else, also for a reversed
 * range.
 */
export function parsePorts(text: string): PortRange | null {
  if (text === "*") return everyPort;
  const ends = /^(0|[1-9]\d{0,4})(?:-(0|[1-9]\d{0,4}))?$/.exec(text);
  if (ends === null) return null;
  const first = Number(ends[1]);
  const last = Number(ends[2] ?? ends[1]);
  return first <= last && last <= PORT_MAX ? { first, last } : null;
}

export function formatPorts(ports: PortRange): string {
  if (isEveryPort(ports)) return "*";
  const { first, last } = ports;
  return first === last ? `${first}` : `${first}-${last}`;
}

/** null contains every address. Families never mix. */
export function networkContains(network: Network | null, address: Uint8Array): boolean {
  if (network === null) return true;
  if (network.address.length !== address.length) return false;
  return address.every((byte, index) => {
    const mask = maskByte(network.prefix, index);
    return (byte & mask) === ((network.address[index] as number) & mask);
  });
}

export function unmapped(address: Uint8Array): Uint8Array {
  const isMapped =
    address.length === 16 &&
    address.every((byte, at) => at >= 12 || byte === (at >= 10 ? 0xff : 0));
  return isMapped ? address.slice(12) : address;
}

/**
 * The address that rules are compared with. Connecting to the unspecified address reaches the host
 * itself (ip(7), ipv6(7): Linux treats it as loopback), so a rule about loopback must apply to it.
 */
export function judgedAddress(operation: "connect" | "listen", address: Uint8Array): Uint8Array {
  const plain = unmapped(address);
  if (operation === "listen" || plain.some((byte) => byte !== 0)) return plain;
  if (plain.length === 4) return Uint8Array.of(127, 0, 0, 1);
  return Uint8Array.from({ length: plain.length }, (_, index) =>
    index === plain.length - 1 ? 1 : 0,
  );
}

function parsePrefix(text: string, max: number): number {
  return /^(0|[1-9]\d{0,2})$/.test(text) && Number(text) <= max ? Number(text) : Number.NaN;
}

function maskByte(prefix: number, index: number): number {
  const bits = Math.min(8, Math.max(0, prefix - index * 8));
  return (0xff << (8 - bits)) & 0xff;
}
