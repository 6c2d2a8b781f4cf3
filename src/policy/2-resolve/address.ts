import { isIPv4, isIPv6 } from "node:net";
import type { Network } from "../../model/policy.ts";

/** `10.0.0.0/8`, `127.0.0.1`, `2001:db8::/32`: null where it is none. Bits beyond the prefix are kept; see `masked`. */
export function parseNetwork(text: string): Network | null {
  const slash = text.indexOf("/");
  const host = slash < 0 ? text : text.slice(0, slash);
  const family = isIPv4(host) ? 4 : isIPv6(host) && !host.includes("%") ? 6 : null;
  if (family === null) return null;
  const bits = family === 4 ? 32 : 128;
  const prefix = slash < 0 ? bits : decimal(text.slice(slash + 1), bits);
  if (prefix === null) return null;
  return { family, address: family === 4 ? Uint8Array.from(host.split("."), Number) : parseIpv6(host), prefix };
}

/** The same network with every bit beyond its prefix cleared. */
export function masked(network: Network): Network {
  const address = network.address.map((byte, index) => {
    const kept = Math.min(8, Math.max(0, network.prefix - index * 8));
    return byte & (0xff << (8 - kept)) & 0xff;
  });
  return { ...network, address };
}

export function formatNetwork({ family, address, prefix }: Network): string {
  const host = family === 4 ? address.join(".") : formatIpv6(address);
  return prefix === address.length * 8 ? host : `${host}/${prefix}`;
}

/** An IPv6 network that lies wholly within the IPv4-mapped addresses: such requests are judged as IPv4, so it could never match. */
export function isMapped({ family, address, prefix }: Network): boolean {
  return (
    family === 6 &&
    prefix >= 96 &&
    address.slice(0, 10).every((byte) => byte === 0) &&
    address[10] === 0xff &&
    address[11] === 0xff
  );
}

/** Decimal without sign or leading zero, at most `max`; null where it is none. */
export function decimal(text: string, max: number): number | null {
  return /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= max ? Number(text) : null;
}

/** Text that `isIPv6` accepts, to 16 bytes. */
function parseIpv6(text: string): Uint8Array {
  const dotted = text.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) => {
    return `${((Number(a) << 8) | Number(b)).toString(16)}:${((Number(c) << 8) | Number(d)).toString(16)}`;
  });
  const [head = "", tail] = dotted.split("::");
  const front = head === "" ? [] : head.split(":");
  const back = tail === undefined || tail === "" ? [] : tail.split(":");
  const gap = Array<string>(8 - front.length - back.length).fill("0");
  const groups = tail === undefined ? front : [...front, ...gap, ...back];
  return Uint8Array.from(
    groups.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]),
  );
}

/** RFC 5952: lower case, no leading zeros, the longest run of zero groups left out. */
function formatIpv6(address: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((address[index * 2] ?? 0) << 8) | (address[index * 2 + 1] ?? 0)).toString(16),
  );
  const full = groups.join(":");
  const runs = [...full.matchAll(/(?:^|(?<=:))0(?::0)+(?=:|$)/g)].sort((a, b) => b[0].length - a[0].length);
  const run = runs[0];
  if (run === undefined) return full;
  const front = full.slice(0, run.index).replace(/:$/, "");
  const back = full.slice(run.index + run[0].length).replace(/^:/, "");
  return `${front}::${back}`;
}
