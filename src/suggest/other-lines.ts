import type { Policy } from "../model/policy.ts";
import type { AddressRequest, NameRequest } from "../model/request.ts";
import { suggest } from "../model/suggest.ts";
import { shapeOf } from "./name-shape.ts";
import type { Need } from "./need.ts";
import type { Proposal } from "./proposal.ts";
import type { Tree } from "./tree.ts";

/** With fewer addresses at a port each is granted by itself. */
const ADDRESSES_MIN = 3;
/** With fewer ports of the kernel's choice each is granted by itself. */
const PORTS_MIN = 2;
/** The usual range of net.ipv4.ip_local_port_range, ip(7). */
const LOCAL_PORTS = { first: 32_768, last: 60_999 };

/**
 * Lines for everything but names of files: a line for each request, merged where they are alike.
 * `exactly`: only if they are the same.
 */
export function otherLines(
  policy: Policy,
  needs: readonly Need[],
  tree: Tree,
  exactly = false,
): Proposal[] {
  const known = knownAddresses(exactly ? [] : needs);
  const proposals = new Map<string, Proposal & { readonly needs: Need[] }>();
  for (const need of needs) {
    const { request } = need;
    const merged = request.class === "address" ? addressLine(request, known) : null;
    const { section, line } = merged ?? suggest(request, policy) ?? { section: null, line: "" };
    if (section === null) continue;
    const shaped = !exactly && isSocketName(request) ? socketLine(request, need, tree) : null;
    const because = shaped?.because ?? merged?.because ?? ofFolder(request);
    const key = `${section} ${shaped?.line ?? line}`;
    const before = proposals.get(key);
    if (before !== undefined) before.needs.push(need);
    else
      proposals.set(key, {
        section,
        line: shaped?.line ?? line,
        because,
        needs: [need],
        wider: because === null ? 0 : null,
      });
  }
  return [...proposals.values()];
}

function ofFolder(request: Need["request"]): string | null {
  return request.class === "two-names" && request.directory
    ? "a renamed folder takes everything in it along"
    : null;
}

/** What was asked of one protocol and operation. */
interface Asked {
  /** Of the kernel's choice. */
  readonly localPorts: Set<number>;
  /** By port, in hexadecimal. */
  readonly addresses: Map<number, Set<string>>;
  /** By port, once it was looked for; see `networkOf`. */
  readonly networks: Map<number, string | null>;
}

function knownAddresses(needs: readonly Need[]): ReadonlyMap<string, Asked> {
  const known = new Map<string, Asked>();
  for (const { request } of needs) {
    if (request.class !== "address") continue;
    const key = `${request.operation} ${request.protocol}`;
    const asked = known.get(key) ?? {
      localPorts: new Set(),
      addresses: new Map(),
      networks: new Map(),
    };
    const atPort = asked.addresses.get(request.port) ?? new Set();
    if (isLocal(request.port)) asked.localPorts.add(request.port);
    asked.addresses.set(request.port, atPort.add(Buffer.from(request.address).toString("hex")));
    known.set(key, asked);
  }
  return known;
}

/** Networks that no host of the internet is in, each as text and as the beginning in binary. */
const privateNetworks: readonly (readonly [text: string, first: string])[] = [
  ["127.0.0.0/8", "01111111"],
  ["10.0.0.0/8", "00001010"],
  ["172.16.0.0/12", "101011000001"],
  ["192.168.0.0/16", "1100000010101000"],
];

/**
 * Many addresses at one port are a service with many hosts, or clients; many high ports are the
 * kernel's choice.
 */
function addressLine(request: AddressRequest, known: ReadonlyMap<string, Asked>) {
  const { operation, protocol, port } = request;
  const asked = known.get(`${operation} ${protocol}`);
  if (asked === undefined) return null;
  const local = asked.localPorts.size;
  if (operation === "listen" && isLocal(port) && local >= PORTS_MIN)
    return {
      section: "network" as const,
      line: `listen ${protocol} ${LOCAL_PORTS.first}-${LOCAL_PORTS.last}`,
      because: `${local} ports of the range that the kernel chooses from`,
    };
  const addresses = asked.addresses.get(port) ?? new Set();
  if (addresses.size < ADDRESSES_MIN) return null;
  const looked = asked.networks.get(port);
  const network = looked === undefined ? networkOf(addresses) : looked;
  asked.networks.set(port, network);
  const what = network === null ? "every address" : `every address of ${network}`;
  return {
    section: "network" as const,
    line: `${operation} ${protocol} ${network === null ? port : `${network}:${port}`}`,
    because: `${addresses.size} addresses at this port; the line grants ${what}`,
  };
}

function isLocal(port: number): boolean {
  return LOCAL_PORTS.first <= port && port <= LOCAL_PORTS.last;
}

/** The same port at more addresses: of the private network around them, then at every one. */
export function moreAddresses(needs: readonly Need[]): Proposal[] {
  const [first] = needs.map(({ request }) => request);
  if (first?.class !== "address") return [];
  const { operation, protocol, port } = first;
  const addresses = needs.flatMap(({ request }) => {
    const isSame = request.class === "address" && request.port === port;
    return isSame ? [Buffer.from(request.address).toString("hex")] : [];
  });
  if (addresses.length < needs.length) return [];
  const network = networkOf(new Set(addresses));
  const line = (where: string, what: string): Proposal => ({
    section: "network",
    line: `${operation} ${protocol} ${where}`,
    because: `the line grants ${what}`,
    needs,
    wider: null,
  });
  return [
    ...(network === null ? [] : [line(`${network}:${port}`, `every address of ${network}`)]),
    line(String(port), "every address"),
  ];
}

/** The private network that all are in; null if there is none. */
function networkOf(addresses: ReadonlySet<string>): string | null {
  const found = privateNetworks.find(([, first]) =>
    [...addresses].every((hex) => hex.length === 8 && inBinary(hex).startsWith(first)),
  );
  return found?.[0] ?? null;
}

function inBinary(hex: string): string {
  return Number.parseInt(hex, 16).toString(2).padStart(32, "0");
}

function isSocketName(request: Need["request"]): request is NameRequest {
  return (
    request.class === "name" && (request.operation === "connect" || request.operation === "listen")
  );
}

function socketLine({ operation, path }: NameRequest, need: Need, tree: Tree) {
  const { pattern, because } = shapeOf(path, {
    pids: need.pids,
    isMade: operation === "listen",
    isRun: false,
    isKnown: tree.exists,
  });
  return { line: `${operation} unix ${pattern}`, because };
}
