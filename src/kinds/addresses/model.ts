import * as is from "../../base/schema.ts";
import { denied, firstDenyElseAllow } from "../../model/decide/verdict-of-rules.ts";
import {
  formatEndpoint,
  judgedAddress,
  networkContains,
  parseAddress,
  parsePorts,
} from "../../model/network.ts";
import type { Effect, Network, PortRange, Source } from "../../model/rule.ts";
import type { Misuse, RuleKind } from "../../model/rule-kind.ts";

/** TCP and UDP by address and port. */
export interface AddressRule {
  readonly effect: Effect;
  /** `connect` covers connecting and addressed sends; `listen` covers bind and listen. */
  readonly operation: "connect" | "listen";
  readonly protocol: "tcp" | "udp";
  /**
   * Network in binary (4 or 16 bytes) with prefix length in bits; null stands for every address of
   * both families.
   */
  readonly network: Network | null;
  /** Inclusive, 0..65535. Port 0 in a `listen` rule is "a port of the kernel's choice". */
  readonly ports: PortRange;
  readonly source: Source;
}

const request = is.object({
  class: is.oneOf("address"),
  operation: is.oneOf("connect", "listen"),
  protocol: is.oneOf("tcp", "udp"),
  /** 4 or 16 bytes. An IPv4-mapped IPv6 address is judged as the IPv4 address inside. */
  address: is.mapped(
    is.matching(/^(?:[0-9a-f]{2})*$/),
    (hex): Uint8Array => new Uint8Array(Buffer.from(hex, "hex")),
  ),
  port: is.whole(0, 65_535),
});
export type AddressRequest = is.Described<typeof request>;

/** Connecting, sending, binding by address and port. */
export const addresses: RuleKind<AddressRule, AddressRequest> = {
  request,
  decide(rules, { operation, protocol, address, port }) {
    if (address.length !== 4 && address.length !== 16) return denied("no-rule");
    const judged = judgedAddress(operation, address);
    return firstDenyElseAllow(
      rules,
      (rule) =>
        rule.operation === operation &&
        rule.protocol === protocol &&
        rule.ports.first <= port &&
        port <= rule.ports.last &&
        networkContains(rule.network, judged),
    );
  },
  suggest({ operation, protocol, address, port }) {
    if (address.length !== 4 && address.length !== 16) return null;
    const judged = judgedAddress(operation, address);
    const isEvery = judged.every((byte) => byte === 0);
    const where = isEvery ? `${port}` : formatEndpoint(judged, port);
    return { section: "network", line: `${operation} ${protocol} ${where}` };
  },
  spell: ({ operation, protocol, address, port }) =>
    `${operation} ${protocol} ${formatEndpoint(address, port)}`,
};

/** As a record of the log holds it; `addresses.request` reads it back. */
export function loggedAddress(asked: AddressRequest) {
  return { ...asked, address: Buffer.from(asked.address).toString("hex") };
}

/** `connect tcp 10.0.0.1:80`, `listen udp 53`. */
export function askAddress(
  operation: AddressRequest["operation"],
  protocol: string,
  place: string,
): AddressRequest | Misuse {
  if (protocol !== "tcp" && protocol !== "udp")
    return {
      problem: `\`${protocol}\` is no protocol to ${operation}`,
      help: "write one of: tcp, udp, unix",
    };
  const colon = place.lastIndexOf(":");
  // A listener without an address takes every one, which the kernel writes as the unspecified
  // address.
  const host = colon < 0 && operation === "listen" ? "0.0.0.0" : place.slice(0, Math.max(colon, 0));
  const address = parseAddress(host);
  const ports = parsePorts(place.slice(colon + 1));
  if (address === null || ports === null || ports.first !== ports.last)
    return {
      problem: `\`${place}\` is no address and port`,
      help: "for example 10.0.0.1:443 or [2001:db8::1]:443; names are not looked up",
    };
  return { class: "address", operation, protocol, address, port: ports.first };
}
