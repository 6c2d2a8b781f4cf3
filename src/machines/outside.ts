import { isIPv4, isIPv6 } from "node:net";
import { parseHostAndPrefix } from "../model/network.ts";
import type { Network } from "../model/policy.ts";

/**
 * These addresses always reach the host itself: "this host", loopback, and IPv6's unspecified and
 * loopback addresses. Multicast and broadcast also come back to the host's own daemons.
 */
const always = ["0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3", "::/127", "ff00::/8"];

/**
 * Networks that together cover every address but the host's own. A policy that grants them needs no
 * rule that denies the host's addresses.
 */
export function networksOutside(own: readonly string[]): readonly Network[] {
  const holes = [...always, ...own.filter((address) => isIPv4(address) || isIPv6(address))]
    .map(parseHostAndPrefix)
    .filter((hole) => hole !== null);
  return ([4, 6] as const).flatMap((family) =>
    without(
      { family, address: new Uint8Array(family === 4 ? 4 : 16), prefix: 0 },
      holes.filter((hole) => hole.family === family),
    ),
  );
}

/** `network` without `holes`: halves it until each part lies in a hole or holds none. */
function without(network: Network, holes: readonly Network[]): readonly Network[] {
  const inside = holes.filter((hole) => contains(network, hole) || contains(hole, network));
  if (inside.length === 0) return [network];
  if (inside.some((hole) => contains(hole, network))) return [];
  return halves(network).flatMap((half) => without(half, inside));
}

function halves({ family, address, prefix }: Network): readonly Network[] {
  const upper = Uint8Array.from(address);
  upper[prefix >> 3] = (upper[prefix >> 3] ?? 0) | (0x80 >> (prefix & 7));
  return [
    { family, address, prefix: prefix + 1 },
    { family, address: upper, prefix: prefix + 1 },
  ];
}

function contains(outer: Network, inner: Network): boolean {
  if (inner.prefix < outer.prefix) return false;
  for (let bit = 0; bit < outer.prefix; bit++) {
    const mask = 0x80 >> (bit & 7);
    if (((outer.address[bit >> 3] ?? 0) & mask) !== ((inner.address[bit >> 3] ?? 0) & mask))
      return false;
  }
  return true;
}
