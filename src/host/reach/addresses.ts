import { portsAt } from "../../kinds/addresses/model.ts";
import { decide } from "../../model/decide.ts";
import { formatEndpoint, parseAddress } from "../../model/network.ts";
import type { AddressRule, Policy, Source } from "../../model/policy.ts";
import { type PortSet, subtractPorts } from "../../model/port-set.ts";
import type { Way } from "./hop.ts";

/** A listener without an address of its own takes connections to each of the host's. */
const unspecified = ["0.0.0.0", "::"];

/** Of this host. */
export interface OwnAddress {
  readonly address: Uint8Array;
  /** Addresses whose listeners take connections to it. */
  readonly heardAt: readonly Uint8Array[];
}

/** `texts`: of this host, loopback included. */
export function ownAddresses(texts: readonly string[]): readonly OwnAddress[] {
  return texts.flatMap((text) => {
    const everywhere = unspecified.filter((one) => one.includes(":") === text.includes(":"));
    const heardAt = [text, ...everywhere].flatMap((one) => parseAddress(one) ?? []);
    const [address] = heardAt;
    return address === undefined ? [] : [{ address, heardAt }];
  });
}

/** Ways by TCP and UDP, in either direction. */
export function addressWays(
  mine: Policy,
  theirs: Policy,
  own: readonly OwnAddress[],
): readonly Way[] {
  return (["tcp", "udp"] as const).flatMap((protocol) => [
    ...waysBetween(mine, theirs, protocol, own).map(
      ({ witness, connects, listens }): Way => ({
        ...{ control: "talk", witness, exists: false, mine: connects, theirs: listens },
        how: `may connect to ${protocol} ${witness}, where ${theirs.name} may listen`,
      }),
    ),
    ...waysBetween(theirs, mine, protocol, own).map(
      ({ witness, connects, listens }): Way => ({
        ...{ control: "talk", witness, exists: false, mine: listens, theirs: connects },
        how: `may listen at ${protocol} ${witness}, where ${theirs.name} may connect`,
      }),
    ),
  ]);
}

interface Between {
  readonly witness: string;
  readonly connects: Source;
  readonly listens: Source;
}

/** One for each pair of grants; ports that the kernel chooses for a listener are left out. */
function waysBetween(
  from: Policy,
  to: Policy,
  protocol: AddressRule["protocol"],
  own: readonly OwnAddress[],
): readonly Between[] {
  const rules = ({ addresses }: Policy, operation: AddressRule["operation"]) =>
    addresses.filter((rule) => rule.operation === operation && rule.protocol === protocol);
  const [connecting, listening] = [rules(from, "connect"), rules(to, "listen")];
  if (connecting.length === 0 || listening.length === 0) return [];
  const found = new Map<string, Between>();
  for (const { address, heardAt } of own) {
    const ports = portsAt(connecting, address);
    for (const listens of heardAt) {
      const open = intersect(ports, portsAt(listening, listens));
      for (const one of pairsAt(from, to, protocol, open, address, listens)) {
        const key = `${placeOf(one.connects)} ${placeOf(one.listens)}`;
        if (!found.has(key)) found.set(key, one);
      }
    }
  }
  return [...found.values()];
}

/** By the grants that `decide()` names for the first port of each part of the open ones. */
function pairsAt(
  from: Policy,
  to: Policy,
  protocol: AddressRule["protocol"],
  open: PortSet,
  address: Uint8Array,
  listens: Uint8Array,
): readonly Between[] {
  const begins = [...from.addresses, ...to.addresses].flatMap(({ ports }) => ports.first);
  return open.flatMap(({ first, last }) => {
    const ports = new Set([Math.max(first, 1), ...begins.filter((at) => at > first && at <= last)]);
    return [...ports].flatMap((port): Between[] => {
      const ask = { class: "address", protocol, port } as const;
      const connects = decide(from, { ...ask, operation: "connect", address });
      const hears = decide(to, { ...ask, operation: "listen", address: listens });
      if (connects.outcome === "denied" || hears.outcome === "denied") return [];
      return [{ witness: formatEndpoint(address, port), connects: connects.by, listens: hears.by }];
    });
  });
}

/** `loopback` and a variable may stand for several rules. */
function placeOf({ file, line, column }: Source): string {
  return `${file}:${line}:${column}`;
}

function intersect(a: PortSet, b: PortSet): PortSet {
  return subtractPorts(a, subtractPorts(a, b));
}
