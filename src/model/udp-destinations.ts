import type { AddressRule } from "../kinds/addresses/model.ts";
import { isEveryPort } from "./network.ts";

/** Then no datagram's destination need be judged. */
export function grantsEveryUdpDestination(rules: readonly AddressRule[]): boolean {
  const destinations = rules.filter(isUdpDestination);
  return (
    destinations.every(({ effect }) => effect === "allow") && destinations.some(isEveryDestination)
  );
}

export function grantsSomeUdpDestinations(rules: readonly AddressRule[]): boolean {
  const grantsOne = rules.some((rule) => isUdpDestination(rule) && rule.effect === "allow");
  return grantsOne && !grantsEveryUdpDestination(rules);
}

/**
 * Whether a socket on a port of a `listen udp` rule may answer a peer to which no `connect udp`
 * rule lets it send.
 */
export function grantsUdpAnswers(rules: readonly AddressRule[]): boolean {
  return rules.some(listensOnUdp) && !grantsEveryUdpDestination(rules);
}

export function listensOnUdp({ protocol, operation, effect }: AddressRule): boolean {
  return protocol === "udp" && operation === "listen" && effect === "allow";
}

export function isUdpDestination({ protocol, operation }: AddressRule): boolean {
  return protocol === "udp" && operation === "connect";
}

function isEveryDestination({ network, ports }: AddressRule): boolean {
  return network === null && isEveryPort(ports);
}
