import type { Refusal } from "../../kernel/bpf/refusals.ts";
import { IPPROTO_TCP, IPPROTO_UDP } from "../../kernel/constants.ts";
import { socketHelp, socketRequest, socketWords } from "../../kinds/sockets/events.ts";
import { decide } from "../../model/decide.ts";
import { nameOfBytes } from "../../model/name-bytes.ts";
import { formatEndpoint, unmapped } from "../../model/network.ts";
import type { Policy } from "../../model/policy.ts";
import type { AddressRequest, Request } from "../../model/request.ts";
import type { Event } from "../event.ts";
import { loggedRequest } from "../logged-request.ts";
import { remedyOf } from "../remedy.ts";

export type Refused = Pick<
  Event,
  "class" | "operation" | "object" | "request" | "rule" | "reason" | "allow" | "help"
>;

const internetProtocols: ReadonlyMap<number, "tcp" | "udp"> = new Map([
  [IPPROTO_TCP, "tcp"],
  [IPPROTO_UDP, "udp"],
]);

/** In the model's terms, with the policy's decision. */
export function refusedRequest(refusal: Refusal, policy: Policy): Refused {
  if (refusal.kind === "unixConnect" || refusal.kind === "unixSend")
    return unixName(refusal, policy);
  const operation = refusal.kind === "bind" ? "listen" : "connect";
  const protocol = internetProtocols.get(refusal.protocol);
  if (refusal.kind === "create" || protocol === undefined) return socket(refusal, policy);
  const address = unmapped(refusal.address);
  const object = `${protocol} ${formatEndpoint(address, refusal.port)}`;
  const request: AddressRequest = {
    class: "address",
    operation,
    protocol,
    address,
    port: refusal.port,
  };
  return {
    class: "address",
    operation,
    object,
    ...explain(policy, request, alsoJudged(request)),
  };
}

/**
 * The programs are stricter than the model with `::`, which may lead to IPv4 or serve it too
 * (docs/cgroup-bpf.md).
 */
function alsoJudged(request: AddressRequest): AddressRequest[] {
  const isUnspecified =
    request.address.length === 16 && request.address.every((byte) => byte === 0);
  return isUnspecified ? [{ ...request, address: new Uint8Array(4) }] : [];
}

function socket(asked: Refusal, policy: Policy): Refused {
  const fixed = { class: "socket", operation: "create", object: socketWords(asked) } as const;
  const help = socketHelp(asked, policy);
  if (help !== null) return { ...fixed, request: null, rule: null, allow: null, ...help };
  return { ...fixed, ...explain(policy, socketRequest(asked)) };
}

function unixName({ address }: Refusal, policy: Policy): Refused {
  const fixed = { class: "name", operation: "connect" } as const;
  const beyondRules = { request: null, rule: null, reason: "no-rule", allow: null } as const;
  const text = nameOfBytes(address);
  if (text === "") return { ...fixed, object: "a unix address without a name", ...beyondRules };
  if (address[0] !== 0) {
    // Relative to a directory that only the process knows: no pattern matches it, whatever it
    // begins with.
    if (!text.startsWith("/")) return { ...fixed, object: `./${text}`, ...beyondRules };
    return { ...fixed, object: text, ...explain(policy, { ...fixed, path: text }) };
  }
  const object = `@${text.slice(1)}`;
  // No rule can spell a NUL in a name.
  if (object.includes("\0")) return { ...fixed, object, ...beyondRules };
  return { ...fixed, object, ...explain(policy, { ...fixed, path: object }) };
}

/**
 * Explains by the first refused request: `request` itself or one of `also`, which are judged with
 * it. If the policy refuses none, the name is granted, but the domain could redirect it.
 */
function explain(
  policy: Policy,
  asked: Request,
  also: readonly Request[] = [],
): Pick<Refused, "request" | "rule" | "reason" | "allow" | "help"> {
  for (const request of [asked, ...also]) {
    const decision = decide(policy, request);
    if (decision.outcome === "denied")
      return {
        request: loggedRequest(request),
        rule: decision.by?.text ?? null,
        reason: decision.reason,
        ...remedyOf(policy, request, decision.reason),
      };
  }
  return { request: loggedRequest(asked), rule: null, reason: null, allow: null };
}
