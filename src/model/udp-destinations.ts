import type { AddressRule } from "../kinds/addresses/model.ts";
import { isEveryPort } from "./network.ts";

/** The rules grant every UDP destination, so that no datagram's destination need be judged. */
export function grantsEveryUdpDestination(rules: readonly AddressRule[]): boolean {
  const destinations = rules.filter(
    ({ protocol, operation }) => protocol === "udp" && operation === "connect",
  );
  return (
    destinations.every(({ effect }) => effect === "allow") && destinations.some(isEveryDestination)
  );
}

/** The rules grant some UDP destinations and not all. */
export function grantsSomeUdpDestinations(rules: readonly AddressRule[]): boolean {
  return (
    !grantsEveryUdpDestination(rules) &&
    rules.some(
      ({ protocol, operation, effect }) =>
        protocol === "udp" && operation === "connect" && effect === "allow",
    )
  );
}

function isEveryDestination({ network, ports }: AddressRule): boolean {
  return network === null && isEveryPort(ports);
}
