import type { AddressRule } from "../kinds/addresses/model.ts";
import { everyPort } from "./network.ts";
import { type PortSet, portSet, subtractPorts } from "./port-set.ts";
import { grantsEveryUdpDestination } from "./udp-destinations.ts";

/** Per right of the Landlock layer; each rule is a system call at every start. */
const LANDLOCK_PORTS_MAX = 1024;

/**
 * Ports of one TCP right as Landlock can hold them, for all addresses alike. `every`: the right is
 * not handled. `too-many`: the rules would slow down each start too much.
 */
export type LandlockPorts =
  | { readonly kind: "every" }
  | { readonly kind: "ports"; readonly ports: readonly number[] }
  | { readonly kind: "too-many" };

/**
 * The smallest set that covers what the rules grant for any address: another layer must judge
 * addresses.
 */
export function landlockPorts(
  rules: readonly AddressRule[],
  operation: AddressRule["operation"],
): LandlockPorts {
  const set = coveringPorts(rules, operation);
  const [only] = set;
  // Port 0, a port of the kernel's choice, means something for bind only.
  const first = operation === "connect" ? 1 : 0;
  if (set.length === 1 && only !== undefined && only.first <= first && only.last === everyPort.last)
    return { kind: "every" };
  const count = set.reduce((sum, range) => sum + range.last - range.first + 1, 0);
  if (count > LANDLOCK_PORTS_MAX) return { kind: "too-many" };
  return { kind: "ports", ports: set.flatMap(({ first, last }) => numbers(first, last)) };
}

/** Ports granted for some address; a denial counts only if it applies to every address. */
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
 * Whether Landlock's ports express exactly what the rules say of destinations: no TCP rule depends
 * on an address, and UDP is granted everywhere or not at all. bind is notified in any case.
 */
export function landlockSays(rules: readonly AddressRule[]): boolean {
  const udp = rules.some(({ protocol }) => protocol === "udp");
  if (udp && !grantsEveryUdpDestination(rules)) return false;
  return landlockSaysTcp(rules, "connect") && landlockSaysTcp(rules, "listen");
}

/** For one TCP right: no rule depends on an address, and the ports are few. */
export function landlockSaysTcp(
  rules: readonly AddressRule[],
  operation: AddressRule["operation"],
): boolean {
  const byAddress = rules.some(
    (rule) => rule.protocol === "tcp" && rule.operation === operation && rule.network !== null,
  );
  return !byAddress && landlockPorts(rules, operation).kind !== "too-many";
}
