import type { AddressRule } from "../kinds/addresses/model.ts";
import { everyPort } from "./network.ts";
import { type PortSet, portSet, subtractPorts } from "./port-set.ts";
import { grantsEveryUdpDestination } from "./udp-destinations.ts";

/** Port rules of one Landlock layer for one right; each is a system call at every start. */
const LANDLOCK_PORTS_MAX = 1024;

/**
 * Ports of one TCP right as Landlock can hold them, for every address alike: `every` where nothing
 * need be handled, `too-many` where the rules would be more than a start can bear.
 */
export type LandlockPorts =
  | { readonly kind: "every" }
  | { readonly kind: "ports"; readonly ports: readonly number[] }
  | { readonly kind: "too-many" };

/**
 * The smallest set that covers what the rules grant, whatever the address: an address can only be
 * judged elsewhere.
 */
export function landlockPorts(
  rules: readonly AddressRule[],
  operation: AddressRule["operation"],
): LandlockPorts {
  const set = coveringPorts(rules, operation);
  const [only] = set;
  // A port of the kernel's choice (0) means something for bind alone.
  const first = operation === "connect" ? 1 : 0;
  if (set.length === 1 && only !== undefined && only.first <= first && only.last === everyPort.last)
    return { kind: "every" };
  const count = set.reduce((sum, range) => sum + range.last - range.first + 1, 0);
  if (count > LANDLOCK_PORTS_MAX) return { kind: "too-many" };
  return { kind: "ports", ports: set.flatMap(({ first, last }) => numbers(first, last)) };
}

/** Ports granted for some address; a denial counts only where it holds for every address. */
export function coveringPorts(
  rules: readonly AddressRule[],
  operation: AddressRule["operation"],
): PortSet {
  const chosen = rules.filter((rule) => rule.protocol === "tcp" && rule.operation === operation);
  const ports = (selected: readonly AddressRule[]) => portSet(selected.map((rule) => rule.ports));
  const denied = chosen.filter(({ effect, network }) => effect === "deny" && network === null);
  return subtractPorts(ports(chosen.filter(({ effect }) => effect === "allow")), ports(denied));
}

function numbers(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/**
 * Landlock's ports alone say exactly what the rules say of destinations: no rule about TCP tells
 * addresses apart, and UDP is granted everywhere or not at all. The mediator is asked about each
 * bind wherever destinations are held.
 */
export function landlockSays(rules: readonly AddressRule[]): boolean {
  const udp = rules.some(({ protocol }) => protocol === "udp");
  if (udp && !grantsEveryUdpDestination(rules)) return false;
  if (rules.some(({ protocol, network }) => protocol === "tcp" && network !== null)) return false;
  return (["connect", "listen"] as const).every(
    (operation) => landlockPorts(rules, operation).kind !== "too-many",
  );
}
