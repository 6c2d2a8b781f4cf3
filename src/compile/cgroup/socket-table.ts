import type { SocketRule } from "../../model/policy.ts";

const IPPROTO_ICMP = 1;
const IPPROTO_ICMPV6 = 58;
/** Number of IP protocols for raw sockets (SOCK_RAW of protocol 256 and up does not exist). */
const PROTOCOLS = 256;

/** Internet sockets without ports: granted or refused when they are made. */
export interface SocketTable {
  readonly ping4: boolean;
  readonly ping6: boolean;
  /** Raw sockets by IP protocol number, one bit each, lowest first. */
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
