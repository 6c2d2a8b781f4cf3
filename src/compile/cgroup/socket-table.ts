import type { SocketRule } from "../../model/policy.ts";

const IPPROTO_ICMP = 1;
const IPPROTO_ICMPV6 = 58;
/** IP protocols of raw sockets (SOCK_RAW of protocol 256 and up does not exist). */
const PROTOCOLS = 256;

/** For internet sockets without ports, which are judged when they are made. */
export interface SocketTable {
  readonly ping4: boolean;
  readonly ping6: boolean;
  /** One bit per IP protocol number, lowest first. */
  readonly raw: Uint8Array;
}

export function socketTable(rules: readonly SocketRule[]): SocketTable {
  const raw = new Uint8Array(PROTOCOLS / 8);
  for (let protocol = 0; protocol < PROTOCOLS; protocol++) {
    if (granted(rules, "raw", protocol)) raw[protocol >> 3]! |= 1 << (protocol & 7);
  }
  return {
    ping4: granted(rules, "ping", IPPROTO_ICMP),
    ping6: granted(rules, "ping", IPPROTO_ICMPV6),
    raw,
  };
}

function granted(
  rules: readonly SocketRule[],
  family: SocketRule["family"],
  protocol: number,
): boolean {
  const matching = rules.filter(
    (rule) => rule.family === family && (rule.protocol === null || rule.protocol === protocol),
  );
  return matching.length > 0 && matching.every((rule) => rule.effect === "allow");
}
