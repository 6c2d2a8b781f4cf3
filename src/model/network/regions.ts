import { networkContains } from "../network.ts";
import type { Network } from "../rule.ts";

/** The addresses of one network that lie in none of the longer prefixes of the same list. */
export interface Region {
  readonly network: Network;
  /** One of these addresses; null if there is none. */
  readonly address: Uint8Array | null;
  /** Of the region of the next longer network around it. */
  readonly parent: number | null;
}

interface Span {
  readonly first: bigint;
  readonly last: bigint;
}

/**
 * Divides the addresses of one family by networks, so that no network tells two addresses of a
 * region apart. A region comes after the regions around it. The whole family is the first network.
 * `except`: networks whose addresses need no region.
 */
export function regionsOf(
  family: 4 | 6,
  networks: readonly Network[],
  except: readonly Network[],
): readonly Region[] {
  const whole: Network = { family, address: new Uint8Array(family === 4 ? 4 : 16), prefix: 0 };
  const distinct = new Map(
    [whole, ...networks, ...except]
      .filter((network) => network.family === family)
      .map((network) => [keyOf(network), network]),
  );
  const sorted = [...distinct.values()]
    .map((network) => ({ network, span: spanOf(network) }))
    .sort((a, b) => compare(a.span.first, b.span.first) || a.network.prefix - b.network.prefix);
  const around: number[] = [];
  const parents = sorted.map(({ span }, at) => {
    while (around.length > 0 && (sorted[around.at(-1) as number]?.span.last ?? 0n) < span.first)
      around.pop();
    const parent = around.at(-1) ?? null;
    around.push(at);
    return parent;
  });
  const children = sorted.map((): Span[] => []);
  parents.forEach((parent, at) => {
    if (parent !== null) children[parent]?.push((sorted[at] as { span: Span }).span);
  });
  return sorted.map(({ network, span }, at) => ({
    network,
    address: except.some((one) => isInside(network, one))
      ? null
      : firstOutside(span, children[at] ?? [], network.address.length),
    parent: parents[at] ?? null,
  }));
}

function keyOf(network: Network): string {
  return `${network.family} ${spanOf(network).first}/${network.prefix}`;
}

function isInside(network: Network, outer: Network): boolean {
  return outer.prefix <= network.prefix && networkContains(outer, network.address);
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : Number(a > b);
}

function spanOf({ address, prefix }: Network): Span {
  const bits = BigInt(address.length * 8 - prefix);
  const number = BigInt(`0x${Buffer.from(address).toString("hex")}`);
  const first = (number >> bits) << bits;
  return { first, last: first + (1n << bits) - 1n };
}

/** `taken` are disjoint and sorted. */
function firstOutside({ first, last }: Span, taken: readonly Span[], bytes: number) {
  let free = first;
  for (const span of taken) {
    if (span.first > free) break;
    free = span.last + 1n;
  }
  if (free > last) return null;
  return Uint8Array.from(Buffer.from(free.toString(16).padStart(bytes * 2, "0"), "hex"));
}
