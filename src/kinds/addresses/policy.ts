import { diagnose } from "../../diagnostics/diagnose.ts";
import {
  formatNetwork,
  formatPorts,
  masked,
  PORT_MAX,
  parseHostAndPrefix,
  parsePorts,
} from "../../model/network.ts";
import type { Network, PortRange } from "../../model/rule.ts";
import type { PlaceLine, PolicySource, Word } from "../../policy/1-parse/source.ts";
import { expand } from "../../policy/2-resolve/expand.ts";
import { ruleSource } from "../../policy/2-resolve/rule-source.ts";
import type { Scope } from "../../policy/2-resolve/scope.ts";
import { RULES_MAX } from "../../policy/limits.ts";
import type { AddressRule } from "./model.ts";

/** One rule per place; `loopback` is two. */
export function resolveAddresses(sources: readonly PolicySource[], scope: Scope): AddressRule[] {
  const rules: AddressRule[] = [];
  for (const line of sources.flatMap((source) => source.network)) {
    if (line.kind !== "place") continue;
    for (const word of line.places) {
      for (const text of expand(word, "plain", scope))
        rules.push(...resolvePlace(line, word, text, scope));
    }
    if (rules.length > RULES_MAX) break;
  }
  return rules;
}

function resolvePlace(line: PlaceLine, word: Word, text: string, scope: Scope): AddressRule[] {
  const { effect, operation, protocol } = line;
  const result = parsePlace(text);
  if ("places" in result) {
    return result.places.map((place) => {
      const source = ruleSource(
        word.span,
        effect,
        `${operation} ${protocol} ${formatPlace(place)}`,
      );
      return { effect, operation, protocol, network: place.network, ports: place.ports, source };
    });
  }
  const { problem } = result;
  if (problem.kind === "host-bits")
    scope.report(diagnose("host-bits", word.span, { word: text, network: problem.network }));
  else
    scope.report(
      diagnose("bad-place", word.span, { word: text, operation, reason: problem.reason }),
    );
  return [];
}

interface Place {
  readonly network: Network | null;
  readonly ports: PortRange;
}

type PlaceResult =
  | { readonly places: readonly Place[] }
  | {
      readonly problem:
        | { readonly kind: "bad-place"; readonly reason: string }
        | { readonly kind: "host-bits"; readonly network: string };
    };

/** For both families. */
const loopback: readonly Network[] = [
  { family: 4, address: Uint8Array.of(127, 0, 0, 0), prefix: 8 },
  {
    family: 6,
    address: Uint8Array.from({ length: 16 }, (_, index) => (index === 15 ? 1 : 0)),
    prefix: 128,
  },
];

/**
 * `PORTS`, `ADDRESS:PORTS`, `[ADDRESS6]:PORTS`, `loopback:PORTS`, where PORTS is `80`, `1024-65535`
 * or `*`.
 */
export function parsePlace(text: string): PlaceResult {
  const match = /^(?:(\[[^\]]*\]|[^:[\]]*):)?([^:[\]]*)$/.exec(text);
  if (match === null) return bad("an IPv6 address goes into brackets, and a port follows");
  const ports = parsePorts(match[2] ?? "");
  if (ports === null) return bad(whyNoPorts(match[2] ?? ""));
  const host = match[1];
  if (host === undefined || host === "*") return { places: [{ network: null, ports }] };
  if (host === "loopback") return { places: loopback.map((network) => ({ network, ports })) };
  return parseHost(host, ports);
}

function parseHost(host: string, ports: PortRange): PlaceResult {
  const bracketed = host.startsWith("[");
  const network = parseHostAndPrefix(bracketed ? host.slice(1, -1) : host);
  if (network === null || host.includes(":") !== bracketed)
    return bad(`\`${host}\` is not an address with a prefix`);
  if (bracketed && network.family === 4) {
    return bad("an IPv4-mapped address is judged as the IPv4 address in it; write that one");
  }
  const clean = masked(network);
  const same = clean.address.every((byte, index) => byte === network.address[index]);
  if (!same)
    return {
      problem: {
        kind: "host-bits",
        network: bracketed ? `[${formatNetwork(clean)}]` : formatNetwork(clean),
      },
    };
  return { places: [{ network, ports }] };
}

function whyNoPorts(text: string): string {
  const ends = text.split("-");
  const backwards =
    ends.length === 2 && ends.every((end) => end !== "*" && parsePorts(end) !== null);
  return backwards
    ? `the range \`${text}\` runs backwards`
    : `\`${text}\` is not a port from 0 to ${PORT_MAX}`;
}

function bad(reason: string): PlaceResult {
  return { problem: { kind: "bad-place", reason } };
}

/** `*` stands for no address and every port. */
export function formatPlace({ network, ports }: Place): string {
  const port = formatPorts(ports);
  if (network === null) return port;
  return network.family === 4
    ? `${formatNetwork(network)}:${port}`
    : `[${formatNetwork(network)}]:${port}`;
}
