import type { AddressRule } from "../../model/policy.ts";
import { noPorts, type PortSet, portSet, samePorts, subtractPorts } from "../../model/port-set.ts";

/**
 * One network with all ports granted in it, except in longer prefixes that have entries of their
 * own.
 */
export interface NetworkPorts {
  /** 4 or 16 bytes, host bits zero. */
  readonly address: Uint8Array;
  readonly prefix: number;
  readonly ports: PortSet;
}

export type RangeRule = Pick<AddressRule, "effect" | "network" | "ports">;

interface Node {
  readonly address: Uint8Array;
  readonly prefix: number;
  readonly rules: RangeRule[];
}

interface Flattened extends NetworkPorts {
  readonly allowed: PortSet;
  readonly denied: PortSet;
}

/**
 * Flattens the rules of one operation, protocol and family. Each network gets what its own rules
 * and those of all enclosing networks allow, minus what any of them denies. Networks that equal
 * their enclosing one are left out. So the longest match always holds the complete answer.
 */
export function flattenNetworks(rules: readonly RangeRule[], family: 4 | 6): NetworkPorts[] {
  const kept: NetworkPorts[] = [];
  const around: Flattened[] = [];
  for (const node of nodesInOrder(rules, family)) {
    while (around.length > 0 && !covers(around.at(-1)!, node)) around.pop();
    const parent = around.at(-1);
    const flattened = flatten(node, parent);
    around.push(flattened);
    if (!samePorts(flattened.ports, parent?.ports ?? noPorts)) kept.push(flattened);
  }
  return kept;
}

function flatten(node: Node, parent: Flattened | undefined): Flattened {
  const ports = (effect: AddressRule["effect"]) =>
    node.rules.filter((rule) => rule.effect === effect).map((rule) => rule.ports);
  const allowed = portSet([...(parent?.allowed ?? noPorts), ...ports("allow")]);
  const denied = portSet([...(parent?.denied ?? noPorts), ...ports("deny")]);
  return {
    address: node.address,
    prefix: node.prefix,
    allowed,
    denied,
    ports: subtractPorts(allowed, denied),
  };
}

/** Each distinct network once; a network comes directly before those inside it. */
function nodesInOrder(rules: readonly RangeRule[], family: 4 | 6): Node[] {
  const nodes = new Map<string, Node>();
  for (const rule of rules) {
    if (rule.network !== null && rule.network.family !== family) continue;
    const prefix = rule.network?.prefix ?? 0;
    const address = masked(rule.network?.address ?? new Uint8Array(family === 4 ? 4 : 16), prefix);
    const key = `${Buffer.from(address).toString("hex")}/${prefix}`;
    const node = nodes.get(key) ?? { address, prefix, rules: [] };
    node.rules.push(rule);
    nodes.set(key, node);
  }
  return [...nodes.values()].sort(
    (a, b) => Buffer.compare(a.address, b.address) || a.prefix - b.prefix,
  );
}

function covers(outer: NetworkPorts, inner: Node): boolean {
  return (
    outer.prefix <= inner.prefix &&
    Buffer.compare(masked(inner.address, outer.prefix), outer.address) === 0
  );
}

function masked(address: Uint8Array, prefix: number): Uint8Array {
  return address.map((byte, i) => byte & (0xff00 >> Math.min(8, Math.max(0, prefix - 8 * i))));
}
