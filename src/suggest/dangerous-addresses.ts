import { type AddressRequest, type AddressRule, addresses } from "../kinds/addresses/model.ts";
import { formatAddress, parseAddress } from "../model/network.ts";
import type { Policy } from "../model/policy.ts";

/**
 * Servers of clouds that give a host's keys to whoever asks, each at port 80. 64:ff9b::/96 is where
 * NAT64 has IPv4 (RFC 6052); an IPv4-mapped address is judged as the IPv4 address in it.
 */
const metadataServers: readonly string[] = [
  // Amazon, Azure, Google, Oracle, OpenStack, DigitalOcean, Hetzner, IBM.
  "169.254.169.254",
  "64:ff9b::a9fe:a9fe",
  // Amazon, and Google.
  "fd00:ec2::254",
  "fd20:ce::254",
  // Of containers of Amazon.
  "169.254.170.2",
  "169.254.170.23",
  "fd00:ec2::23",
  // Azure's agent, Alibaba, Tencent, Scaleway.
  "168.63.129.16",
  "100.100.100.200",
  "169.254.0.23",
  "169.254.42.42",
  "fd00:42::42",
];
const METADATA_PORT = 80;

/** Where users and programs of root type passwords to whoever listens. */
const loginPorts: ReadonlyMap<number, string> = new Map([
  [22, "ssh"],
  [23, "telnet"],
  [88, "Kerberos"],
  [389, "LDAP"],
  [464, "Kerberos"],
  [636, "LDAP"],
  [3389, "remote desktops"],
]);
/** Ports of a rule that are a domain's own; more are for the kernel to choose from. */
const OWN_PORTS_MAX = 64;

/** Why a person should look at rules before they are granted. `listeners`: of other domains. */
export function ofAddresses(
  rules: readonly AddressRule[],
  listeners: readonly Policy[],
): readonly string[] {
  const server = metadataServers
    .map((text) => parseAddress(text) ?? new Uint8Array())
    .find((address) => addresses.decide(rules, metadataAt(address)).outcome === "granted");
  return [
    ...(server === undefined
      ? []
      : [
          `a cloud's server at ${formatAddress(server)} gives the host's keys to every process ` +
            "that asks",
        ]),
    ...rules
      .filter(({ operation }) => operation === "listen")
      .flatMap((rule) => [
        ...ofLogins(rule),
        ...ofManyPorts(rule),
        ...ofOtherPorts(rule, listeners),
      ]),
  ];
}

function metadataAt(address: Uint8Array): AddressRequest {
  const operation = "connect";
  return { class: "address", operation, protocol: "tcp", address, port: METADATA_PORT };
}

function ofLogins({ protocol, ports }: AddressRule): readonly string[] {
  const found = [...loginPorts].find(([port]) => ports.first <= port && port <= ports.last);
  return protocol === "tcp" && found !== undefined
    ? [`port ${found[0]} is that of ${found[1]}: passwords are sent to whoever listens there`]
    : [];
}

/** Over UDP a socket at a port by chance is how a client asks; over TCP it is a server. */
function ofManyPorts({ protocol, ports: { first, last } }: AddressRule): readonly string[] {
  return protocol === "tcp" && (first === 0 || last - first >= OWN_PORTS_MAX)
    ? ["a break-in could wait for connections at a port of its choice"]
    : [];
}

/** At whatever address: one domain may listen at every one, and another at a single one. */
function ofOtherPorts(rule: AddressRule, listeners: readonly Policy[]): readonly string[] {
  return listeners.flatMap(({ name, addresses: theirs }) => {
    const own = theirs.find(
      ({ effect, operation, protocol, ports }) =>
        effect === "allow" &&
        operation === "listen" &&
        protocol === rule.protocol &&
        ports.first > 0 &&
        ports.last - ports.first < OWN_PORTS_MAX &&
        ports.first <= rule.ports.last &&
        rule.ports.first <= ports.last,
    );
    if (own === undefined) return [];
    const port = Math.max(own.ports.first, rule.ports.first);
    return [`domain ${name} listens on port ${port}: its clients would speak to this one`];
  });
}
