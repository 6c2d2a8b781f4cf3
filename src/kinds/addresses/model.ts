import * as is from "../../base/schema.ts";
import type { Change } from "../../model/change.ts";
import { denied, firstDenyElseAllow } from "../../model/decide/verdict-of-rules.ts";
import { type Region, regionsOf } from "../../model/network/regions.ts";
import {
  formatEndpoint,
  formatNetwork,
  formatPorts,
  judgedAddress,
  networkContains,
  parseAddress,
  parsePorts,
} from "../../model/network.ts";
import { type PortSet, portSet, subtractPorts } from "../../model/port-set.ts";
import type { Effect, Network, PortRange, Source } from "../../model/rule.ts";
import type { Misuse, Near, RuleKind } from "../../model/rule-kind.ts";
import type { Decision } from "../../model/verdict.ts";

export interface AddressRule {
  readonly effect: Effect;
  /**
   * `connect` covers connecting and addressed sends; `listen` covers bind and listen, and for UDP
   * the answers to what the socket has received.
   */
  readonly operation: "connect" | "listen";
  readonly protocol: "tcp" | "udp";
  /** Prefix length in bits; null stands for every address of both families. */
  readonly network: Network | null;
  /** Inclusive, 0..65535. Port 0 in a `listen` rule is "a port of the kernel's choice". */
  readonly ports: PortRange;
  readonly source: Source;
}

/** An IPv4-mapped IPv6 address is judged as the IPv4 address inside. */
const address = is.mapped(
  is.matching(/^(?:[0-9a-f]{2})*$/),
  (hex): Uint8Array => new Uint8Array(Buffer.from(hex, "hex")),
);
const port = is.whole(0, 65_535);

const request = is.object({
  class: is.oneOf("address"),
  operation: is.oneOf("connect", "listen"),
  protocol: is.oneOf("tcp", "udp"),
  address,
  port,
  /**
   * To connect or send over UDP: what the socket is bound to, if this very socket has received a
   * datagram from this address and port. Left out by an engine that does not know.
   */
  answersFrom: is.optional(is.object({ address, port })),
});
export type AddressRequest = is.Described<typeof request>;

export const addresses: RuleKind<AddressRule, AddressRequest> = {
  request,
  decide(rules, asked) {
    const decision = byRules(rules, asked);
    const { operation, protocol, answersFrom } = asked;
    if (answersFrom === undefined || operation !== "connect" || protocol !== "udp") return decision;
    if (decision.outcome === "granted" || decision.reason !== "no-rule") return decision;
    const listening = byRules(rules, { operation: "listen", protocol, ...answersFrom });
    return listening.outcome === "granted" ? listening : decision;
  },
  suggest({ operation, protocol, address, port }) {
    if (address.length !== 4 && address.length !== 16) return null;
    const judged = judgedAddress(operation, address);
    const isEvery = judged.every((byte) => byte === 0);
    const where = isEvery ? `${port}` : formatEndpoint(judged, port);
    return { section: "network", line: `${operation} ${protocol} ${where}` };
  },
  nearest: nearestAddress,
  spell: ({ operation, protocol, address, port, answersFrom }) => {
    const place = `${protocol} ${formatEndpoint(address, port)}`;
    if (answersFrom === undefined) return `${operation} ${place}`;
    return `answer ${place} from ${formatEndpoint(answersFrom.address, answersFrom.port)}`;
  },
  changes: (a, b) => [
    ...(["connect", "listen"] as const).flatMap((operation) =>
      (["tcp", "udp"] as const).flatMap((protocol) => changesOf(operation, protocol, a, b)),
    ),
    ...changedAnswers(a, b),
  ],
};

/** What of a grant may differ from a request, the least first. */
const differences: readonly (readonly [
  what: string,
  fits: (rule: AddressRule, asked: AddressRequest, judged: Uint8Array) => boolean,
])[] = [
  [
    "it is about another port",
    (rule, asked, judged) => isAbout(rule, asked) && networkContains(rule.network, judged),
  ],
  [
    "it is about another address",
    (rule, asked) => isAbout(rule, asked) && hasPort(rule, asked.port),
  ],
  [
    "it is about another operation or protocol",
    (rule, { port }, judged) => networkContains(rule.network, judged) && hasPort(rule, port),
  ],
];

function nearestAddress(rules: readonly AddressRule[], asked: AddressRequest): Near | null {
  const judged = judgedAddress(asked.operation, asked.address);
  for (const [why, fits] of differences) {
    const rule = rules.find((one) => one.effect === "allow" && fits(one, asked, judged));
    if (rule !== undefined) return { source: rule.source, why };
  }
  return null;
}

function isAbout(rule: AddressRule, { operation, protocol }: AddressRequest): boolean {
  return rule.operation === operation && rule.protocol === protocol;
}

function hasPort({ ports }: AddressRule, port: number): boolean {
  return ports.first <= port && port <= ports.last;
}

type Asked = Pick<AddressRequest, "operation" | "protocol">;

/** Ports that are newly allowed, or newly denied, at the addresses of a region. */
interface ChangedPorts {
  readonly region: Region;
  readonly ports: PortSet;
}

function changesOf(
  operation: Asked["operation"],
  protocol: Asked["protocol"],
  a: readonly AddressRule[],
  b: readonly AddressRule[],
): Change<AddressRequest>[] {
  const about = (rules: readonly AddressRule[]) =>
    rules.filter((rule) => rule.operation === operation && rule.protocol === protocol);
  const [before, after] = [about(a), about(b)];
  const words = `${operation} ${protocol}`;
  return (["allowed", "denied"] as const).flatMap((effect) => {
    const [from, to] = effect === "allowed" ? [after, before] : [before, after];
    const ports = (place: Uint8Array) => subtractPorts(portsAt(from, place), portsAt(to, place));
    const regions = regionsWith(operation, [...before, ...after], ports);
    const example = (at: Place) => ({ class: "address", operation, protocol, ...at }) as const;
    return linesOf({ effect, words, example }, regions);
  });
}

type Place = Pick<AddressRequest, "address" | "port">;

/**
 * What a socket of `listen udp` may answer changes with the rules of `connect udp` only if a `deny`
 * comes or goes. Only peers to which neither policy lets it connect are told of: those of a changed
 * `connect udp` are told of by that line, and those of a changed `listen udp` by that one.
 */
function changedAnswers(
  a: readonly AddressRule[],
  b: readonly AddressRule[],
): Change<AddressRequest>[] {
  const about = (rules: readonly AddressRule[], asked: AddressRule["operation"]) =>
    rules.filter(({ operation, protocol }) => operation === asked && protocol === "udp");
  const own = placesOfBoth(about(a, "listen"), about(b, "listen"));
  const [before, after] = [about(a, "connect"), about(b, "connect")];
  return (["allowed", "denied"] as const).flatMap((effect) => {
    const [denying, silent] = effect === "allowed" ? [before, after] : [after, before];
    const ports = (place: Uint8Array) =>
      subtractPorts(portsOf(denying, ["deny"], place), portsOf(silent, ["allow", "deny"], place));
    const regions = regionsWith("connect", [...before, ...after], ports);
    const example = (at: Place): AddressRequest => {
      const alike = own.find(({ address }) => address.length === at.address.length) ?? own[0];
      return {
        ...{ class: "address", operation: "connect", protocol: "udp", ...at },
        ...(alike && { answersFrom: alike }),
      };
    };
    return own.length === 0 ? [] : linesOf({ effect, words: "answer udp", example }, regions);
  });
}

/** For each family one place on which both policies let a socket listen, if there is one. */
function placesOfBoth(a: readonly AddressRule[], b: readonly AddressRule[]): readonly Place[] {
  const both = (place: Uint8Array) => {
    const ports = portsAt(a, place);
    return subtractPorts(ports, subtractPorts(ports, portsAt(b, place)));
  };
  return regionsWith("listen", [...a, ...b], both).flatMap((regions) =>
    regions
      .flatMap(({ region: { address }, ports: [first] }) =>
        address === null || first === undefined ? [] : [{ address, port: first.first }],
      )
      .slice(0, 1),
  );
}

/** For each family its regions, with the ports that are asked for there. */
function regionsWith(
  operation: Asked["operation"],
  rules: readonly AddressRule[],
  ports: (address: Uint8Array) => PortSet,
): readonly (readonly ChangedPorts[])[] {
  const networks = rules.flatMap(({ network }) => network ?? []);
  return ([4, 6] as const).map((family) =>
    regionsOf(family, networks, neverJudged(operation)).map((region) => ({
      region,
      ports: region.address === null ? [] : ports(region.address),
    })),
  );
}

/** IPv4-mapped addresses are judged as IPv4, and connecting to the unspecified one as loopback. */
function neverJudged(operation: Asked["operation"]): readonly Network[] {
  const mapped: Network = {
    family: 6,
    address: Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0]),
    prefix: 96,
  };
  if (operation === "listen") return [mapped];
  return [
    mapped,
    { family: 4, address: new Uint8Array(4), prefix: 32 },
    { family: 6, address: new Uint8Array(16), prefix: 128 },
  ];
}

/** Granted at that address, as it is judged. The rules are of one operation and protocol. */
export function portsAt(rules: readonly AddressRule[], address: Uint8Array): PortSet {
  return subtractPorts(portsOf(rules, ["allow"], address), portsOf(rules, ["deny"], address));
}

function portsOf(
  rules: readonly AddressRule[],
  effects: readonly Effect[],
  address: Uint8Array,
): PortSet {
  return portSet(
    rules
      .filter(
        ({ effect, network }) => effects.includes(effect) && networkContains(network, address),
      )
      .map((rule) => rule.ports),
  );
}

/** Lines that begin with the same words. */
interface Told {
  readonly effect: Change["effect"];
  readonly words: string;
  readonly example: (at: Place) => AddressRequest;
}

function linesOf(
  told: Told,
  families: readonly (readonly ChangedPorts[])[],
): Change<AddressRequest>[] {
  return everyAddressOnce(families.flatMap((regions) => linesOfFamily(told, regions)));
}

/** A line for each network and range of ports that the line of a network around it lacks. */
function linesOfFamily(
  { effect, words, example }: Told,
  regions: readonly ChangedPorts[],
): Change<AddressRequest>[] {
  return regions.flatMap(({ region: { address, network }, ports }, at) => {
    if (address === null) return [];
    const told = ancestors(regions, at).find(hasAddress)?.ports ?? [];
    const inside = regions.filter(
      (one, below) => hasAddress(one) && ancestors(regions, below).includes(regions[at] ?? one),
    );
    return subtractPorts(ports, told).map(
      (range): Change<AddressRequest> => ({
        effect,
        section: "network",
        line: `${words} ${formatPlaceOf(network)}:${formatPorts(range)}`,
        isPart: inside.some((one) => subtractPorts([range], one.ports).length > 0),
        example: example({ address, port: range.first }),
      }),
    );
  });
}

/** The nearest one first. */
function ancestors(regions: readonly ChangedPorts[], at: number): readonly ChangedPorts[] {
  const parent = regions[at]?.region.parent ?? null;
  const above = parent === null ? undefined : regions[parent];
  return above === undefined || parent === null ? [] : [above, ...ancestors(regions, parent)];
}

function hasAddress({ region }: ChangedPorts): boolean {
  return region.address !== null;
}

function formatPlaceOf(network: Network): string {
  const text = formatNetwork(network);
  return network.family === 4 ? text : `[${text}]`;
}

/** A line about every address of both families is written without an address. */
function everyAddressOnce(changes: readonly Change<AddressRequest>[]): Change<AddressRequest>[] {
  const [every4, every6] = [" 0.0.0.0/0:", " [::/0]:"];
  const twin = (line: string, own: string, other: string) =>
    line.includes(own) ? changes.find((one) => one.line === line.replace(own, other)) : undefined;
  return changes.flatMap((change) => {
    if (twin(change.line, every6, every4) !== undefined) return [];
    const other = twin(change.line, every4, every6);
    if (other === undefined) return [change];
    const line = change.line.replace(every4, " ");
    return [{ ...change, line, isPart: change.isPart || other.isPart }];
  });
}

function byRules(
  rules: readonly AddressRule[],
  { operation, protocol, address, port }: Omit<AddressRequest, "class" | "answersFrom">,
): Decision {
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
}

/** `addresses.request` reads it back from the log. */
export function loggedAddress({ answersFrom, ...asked }: AddressRequest) {
  return {
    ...asked,
    address: inHex(asked.address),
    ...(answersFrom && { answersFrom: { ...answersFrom, address: inHex(answersFrom.address) } }),
  };
}

function inHex(address: Uint8Array): string {
  return Buffer.from(address).toString("hex");
}

/** `udp 10.0.0.1:4000 from 53`: PLACE is the peer, and `own` what the socket is bound to. */
export function askAnswer(protocol: string, peer: string, own: string): AddressRequest | Misuse {
  if (protocol !== "udp")
    return {
      problem: `\`${protocol}\` has no answers of its own`,
      help: "only udp has: over tcp a connection goes both ways",
    };
  const to = askAddress("connect", protocol, peer);
  const from = askAddress("listen", protocol, own);
  if ("problem" in to) return to;
  if ("problem" in from) return from;
  return { ...to, answersFrom: { address: from.address, port: from.port } };
}

/** `connect tcp 10.0.0.1:80`, `listen udp 53`. */
export function askAddress(
  operation: AddressRequest["operation"],
  protocol: string,
  place: string,
): AddressRequest | Misuse {
  if (protocol !== "tcp" && protocol !== "udp")
    return {
      problem: `\`${protocol}\` is not a protocol for \`${operation}\``,
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
      problem: `\`${place}\` is not an address and port`,
      help: "for example 10.0.0.1:443 or [2001:db8::1]:443; names are not looked up",
    };
  return { class: "address", operation, protocol, address, port: ports.first };
}
