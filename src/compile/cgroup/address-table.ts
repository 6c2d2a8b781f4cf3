import { everyPort } from "../../model/network.ts";
import type { AddressRule } from "../../model/policy.ts";
import type { PortSet } from "../../model/port-set.ts";
import { grantsUdpAnswers, isUdpDestination } from "../../model/udp-destinations.ts";
import { CgroupTableError } from "./errors.ts";
import { flattenNetworks, type NetworkPorts, type RangeRule } from "./network-tree.ts";

/**
 * Limit on the port table, entries of 8 bytes in the kernel. Nested networks repeat what the outer
 * ones grant.
 */
export const PORT_INTERVALS_MAX = 1 << 20;

/** `operation` of `struct network_key` in bpf/tables.h. */
export const operationCodes = { connect: 1, listen: 2, answer: 3 } as const satisfies Record<
  AddressRule["operation"] | "answer",
  number
>;
export const protocolNumbers = { tcp: 6, udp: 17 } as const satisfies Record<
  AddressRule["protocol"],
  number
>;

export const NETWORK_KEY_BYTES = 24;
export const PORT_SET_BYTES = 8;
const KEY_HEAD_BITS = 32;
const KEY_ADDRESS_OFFSET = 8;

/** Contents of the maps `networks` (keys and values in parallel) and `port_intervals`. */
export interface AddressTable {
  readonly networkKeys: Uint8Array;
  readonly networkValues: Uint8Array;
  readonly networkCount: number;
  /** `first << 16 | last` each. */
  readonly intervals: Uint32Array;
}

/** Pure; throws {@link CgroupTableError} above {@link PORT_INTERVALS_MAX}. */
export function addressTable(rules: readonly AddressRule[]): AddressTable {
  const intervals = new IntervalPool();
  const keys: Uint8Array[] = [];
  const values: Uint8Array[] = [];
  const add = (
    operation: keyof typeof operationCodes,
    protocol: AddressRule["protocol"],
    own: readonly RangeRule[],
  ) => {
    for (const family of [4, 6] as const) {
      for (const network of flattenNetworks(own, family)) {
        keys.push(
          networkKey(operationCodes[operation], protocolNumbers[protocol], family, network),
        );
        values.push(intervals.add(network.ports));
      }
    }
  };
  for (const operation of ["connect", "listen"] as const) {
    for (const protocol of ["tcp", "udp"] as const) {
      const own = (rule: AddressRule) => rule.operation === operation && rule.protocol === protocol;
      add(operation, protocol, rules.filter(own));
    }
  }
  if (grantsUdpAnswers(rules)) add("answer", "udp", [anywhere, ...rules.filter(deniesUdp)]);
  return {
    networkKeys: Buffer.concat(keys),
    networkValues: Buffer.concat(values),
    networkCount: keys.length,
    intervals: intervals.words(),
  };
}

/** A peer that asked may be answered, unless a rule denies to send to it. */
const anywhere: RangeRule = { effect: "allow", network: null, ports: everyPort };

function deniesUdp(rule: AddressRule): boolean {
  return isUdpDestination(rule) && rule.effect === "deny";
}

function networkKey(
  operation: number,
  protocol: number,
  family: 4 | 6,
  network: NetworkPorts,
): Uint8Array {
  const key = Buffer.alloc(NETWORK_KEY_BYTES);
  key.writeUInt32LE(KEY_HEAD_BITS + network.prefix, 0);
  key.set([operation, protocol, family], 4);
  key.set(network.address, KEY_ADDRESS_OFFSET);
  return key;
}

/** Stores equal sets once: most networks of a policy grant the same few ports. */
class IntervalPool {
  readonly #words: number[] = [];
  readonly #places = new Map<string, Uint8Array>();

  add(ports: PortSet): Uint8Array {
    const text = ports.map(({ first, last }) => `${first}-${last}`).join();
    const place = this.#places.get(text);
    if (place !== undefined) return place;
    if (this.#words.length + ports.length > PORT_INTERVALS_MAX) {
      throw new CgroupTableError(
        `the address rules need more than ${PORT_INTERVALS_MAX} port intervals; give rules for` +
          " many networks fewer distinct ports",
      );
    }
    const value = Buffer.alloc(PORT_SET_BYTES);
    value.writeUInt32LE(this.#words.length, 0);
    value.writeUInt32LE(ports.length, 4);
    for (const { first, last } of ports) this.#words.push(((first << 16) | last) >>> 0);
    this.#places.set(text, value);
    return value;
  }

  words(): Uint32Array {
    return Uint32Array.from(this.#words);
  }
}
