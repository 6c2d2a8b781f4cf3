import type { Refusal } from "../../kernel/bpf/refusals.ts";
import { decide } from "../../model/decide.ts";
import { nameOfBytes } from "../../model/name-bytes.ts";
import { formatEndpoint, unmapped } from "../../model/network.ts";
import type { Policy } from "../../model/policy.ts";
import type { AddressRequest, Request, SocketRequest } from "../../model/request.ts";
import { suggest } from "../../model/suggest.ts";
import type { Event } from "../event.ts";

/** What of an event a refusal by the cgroup's programs determines. */
export type Refused = Pick<Event, "class" | "operation" | "object" | "rule" | "reason" | "allow">;

/** sys/socket.h and netinet/in.h. */
const SOCK_DGRAM = 2;
const SOCK_RAW = 3;
const typeNames: Readonly<Record<number, string>> = { 1: "stream", 2: "dgram", 3: "raw", 5: "seqpacket" };
const protocolNames: Readonly<Record<number, string>> = {
  1: "icmp",
  6: "tcp",
  17: "udp",
  58: "icmpv6",
  132: "sctp",
  136: "udplite",
  262: "mptcp",
};
const AF_INET6 = 10;
const ICMP: ReadonlySet<number> = new Set([1, 58]);

/** The request in the model's terms, and what the policy says to it. */
export function refusedRequest(refusal: Refusal, policy: Policy): Refused {
  if (refusal.kind === "unixConnect" || refusal.kind === "unixSend") return unixName(refusal, policy);
  const operation = refusal.kind === "bind" ? "listen" : "connect";
  const protocol = protocolNames[refusal.protocol];
  if (refusal.kind === "create" || (protocol !== "tcp" && protocol !== "udp")) return socket(refusal, policy);
  const address = unmapped(refusal.address);
  const object = `${protocol} ${formatEndpoint(address, refusal.port)}`;
  const request: AddressRequest = { class: "address", operation, protocol, address, port: refusal.port };
  return { class: "address", operation, object, ...explain(policy, [request, ...alsoJudged(request)]) };
}

/** The programs are stricter than the model with `::`, which may lead to IPv4 or serve it too (docs/cgroup-bpf.md). */
function alsoJudged(request: AddressRequest): AddressRequest[] {
  const isUnspecified = request.address.length === 16 && request.address.every((byte) => byte === 0);
  return isUnspecified ? [{ ...request, address: new Uint8Array(4) }] : [];
}

function socket({ family, type, protocol }: Refusal, policy: Policy): Refused {
  const kind: SocketRequest["family"] =
    type === SOCK_RAW ? "raw" : type === SOCK_DGRAM && ICMP.has(protocol) ? "ping" : "other";
  const internet = family === AF_INET6 ? "inet6" : "inet";
  const object = `${internet} ${typeNames[type] ?? type} ${protocolNames[protocol] ?? protocol}`;
  const answer = explain(policy, [{ class: "socket", family: kind, protocol }]);
  return { class: "socket", operation: "create", object, ...answer };
}

function unixName({ address }: Refusal, policy: Policy): Refused {
  const fixed = { class: "name", operation: "connect" } as const;
  const beyondRules = { rule: null, reason: "no-rule", allow: null } as const;
  const text = nameOfBytes(address);
  if (text === "") return { ...fixed, object: "a unix address without a name", ...beyondRules };
  if (address[0] !== 0) {
    // Relative to a directory that only the process knows: no pattern speaks of it, whatever it begins with.
    if (!text.startsWith("/")) return { ...fixed, object: `./${text}`, ...beyondRules };
    return { ...fixed, object: text, ...explain(policy, [{ ...fixed, path: text }]) };
  }
  const object = `@${text.slice(1)}`;
  // No rule can spell a NUL in a name.
  if (object.includes("\0")) return { ...fixed, object, ...beyondRules };
  return { ...fixed, object, ...explain(policy, [{ ...fixed, path: object }]) };
}

/** By the first of `requests` that the policy refuses. None: the name is granted, but the domain could redirect it. */
function explain(policy: Policy, requests: readonly Request[]): Pick<Refused, "rule" | "reason" | "allow"> {
  for (const request of requests) {
    const decision = decide(policy, request);
    if (decision.outcome === "denied")
      return { rule: decision.by?.text ?? null, reason: decision.reason, allow: suggest(request) };
  }
  return { rule: null, reason: null, allow: null };
}
