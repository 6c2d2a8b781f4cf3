import { endpointUses } from "../../kernel/bpf/lsm/layout.ts";
import { everyPort } from "../../model/network.ts";
import type { AddressRule } from "../../model/policy.ts";
import type { PortSet } from "../../model/port-set.ts";
import { isUdpDestination } from "../../model/udp-destinations.ts";
import { flattenNetworks, type NetworkPorts, type RangeRule } from "../cgroup/network-tree.ts";

/** Nibbles have 16 values; a port has 4 nibbles. */
const NIBBLES = 16;
const PORT_NIBBLES = 4;
const DEAD = 0;
const GRANTED = 1;

/**
 * The addresses and ports that a policy grants. An endpoint is read from its first to its last
 * nibble, the port after the address; state 1 says that it is granted.
 */
export interface NetworkAutomaton {
  /** By use; of each the start for IPv4, then the one for IPv6. */
  readonly starts: readonly number[];
  /** `next[state * 16 + nibble]`; 0 is dead. */
  readonly next: Uint32Array;
}

/** Pure. Equal rules give equal automata. */
export function networkAutomaton(rules: readonly AddressRule[]): NetworkAutomaton {
  const states = new States();
  const starts = endpointUses.flatMap((use) =>
    ([4, 6] as const).map((family) =>
      addressState(states, flattenNetworks(rulesOf(rules, use), family), family),
    ),
  );
  return { starts, next: states.next() };
}

function rulesOf(
  rules: readonly AddressRule[],
  use: (typeof endpointUses)[number],
): readonly RangeRule[] {
  // A client that asked may be answered, unless a rule denies sending to it.
  if (use === "answer udp")
    return [
      { effect: "allow", network: null, ports: everyPort },
      ...rules.filter((rule) => isUdpDestination(rule) && rule.effect === "deny"),
    ];
  return rules.filter(({ operation, protocol }) => `${operation} ${protocol}` === use);
}

/** Equal states are one. */
class States {
  readonly #rows: (readonly number[])[] = [[], []];
  readonly #known = new Map<string, number>();

  of(row: readonly number[]): number {
    if (row.every((to) => to === DEAD)) return DEAD;
    const key = row.join();
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#known.set(key, this.#rows.length);
    return this.#rows.push(row) - 1;
  }

  next(): Uint32Array {
    const next = new Uint32Array(this.#rows.length * NIBBLES);
    for (const [state, row] of this.#rows.entries()) next.set(row, state * NIBBLES);
    return next;
  }
}

const nibbles = Array.from({ length: NIBBLES }, (_, nibble) => nibble);

/** Whatever the next `count` nibbles are, `then` follows. */
function repeated(states: States, then: number, count: number): number {
  let state = then;
  for (let at = 0; at < count; at++) state = states.of(nibbles.map(() => state));
  return state;
}

function addressState(states: States, networks: readonly NetworkPorts[], family: 4 | 6): number {
  const length = family === 4 ? 8 : 32;
  /** `inner`: longer than what was read. `around`: the longest that contains what was read. */
  const from = (
    at: number,
    inner: readonly NetworkPorts[],
    around: NetworkPorts | null,
  ): number => {
    if (at === length) return portState(states, around?.ports ?? []);
    if (inner.length === 0)
      return repeated(states, portState(states, around?.ports ?? []), length - at);
    return states.of(
      nibbles.map((nibble) => {
        const fitting = inner.filter((network) => contains(network, at, nibble));
        const ended = fitting.filter(({ prefix }) => prefix <= 4 * (at + 1));
        const longest = ended.reduce(
          (best, one) => (best === null || one.prefix > best.prefix ? one : best),
          around,
        );
        return from(
          at + 1,
          fitting.filter((one) => !ended.includes(one)),
          longest,
        );
      }),
    );
  };
  const whole = networks.find(({ prefix }) => prefix === 0) ?? null;
  return from(
    0,
    networks.filter(({ prefix }) => prefix > 0),
    whole,
  );
}

function contains({ address, prefix }: NetworkPorts, at: number, nibble: number): boolean {
  const byte = address[at >> 1] as number;
  const own = at % 2 === 0 ? byte >> 4 : byte & 0xf;
  const bits = Math.min(4, prefix - 4 * at);
  return own >> (4 - bits) === nibble >> (4 - bits);
}

function portState(states: States, ports: PortSet): number {
  const from = (at: number, first: number): number => {
    const last = first + NIBBLES ** (PORT_NIBBLES - at) - 1;
    const meeting = ports.filter((range) => range.first <= last && range.last >= first);
    if (meeting.length === 0) return DEAD;
    if (meeting.some((range) => range.first <= first && range.last >= last))
      return repeated(states, GRANTED, PORT_NIBBLES - at);
    const size = NIBBLES ** (PORT_NIBBLES - at - 1);
    return states.of(nibbles.map((nibble) => from(at + 1, first + nibble * size)));
  };
  return from(0, 0);
}
