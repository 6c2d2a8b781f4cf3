import * as is from "../../base/schema.ts";
import { firstDenyElseAllow } from "../../model/decide/verdict-of-rules.ts";
import type { Effect, Source } from "../../model/rule.ts";
import type { Misuse, RuleKind } from "../../model/rule-kind.ts";

/**
 * Protocols of the socket families that are granted without addresses, by number. Sources:
 * include/uapi/linux/netlink.h (6.18), netlink(7); IANA protocol numbers as in /etc/protocols.
 */
export const socketProtocols = {
  netlink: {
    route: 0,
    usersock: 2,
    "sock-diag": 4,
    nflog: 5,
    xfrm: 6,
    selinux: 7,
    iscsi: 8,
    audit: 9,
    "fib-lookup": 10,
    connector: 11,
    netfilter: 12,
    "kobject-uevent": 15,
    generic: 16,
    scsitransport: 18,
    rdma: 20,
    crypto: 21,
  },
  raw: { icmp: 1, igmp: 2, icmp6: 58, ospf: 89, vrrp: 112 },
} as const satisfies Record<string, Record<string, number>>;

/** Families that are granted as a whole: they take no word. */
export const wholeFamilies = ["ping", "packet", "vsock"] as const;

export function protocolNumber(family: keyof typeof socketProtocols, name: string): number | null {
  const table: Readonly<Record<string, number>> = socketProtocols[family];
  return Object.hasOwn(table, name) ? (table[name] ?? null) : null;
}

export function protocolName(family: keyof typeof socketProtocols, number: number): string | null {
  return Object.entries(socketProtocols[family]).find(([, value]) => value === number)?.[0] ?? null;
}

/** `netlink route`, `ping`, `raw icmp`, `packet`, `vsock`: granted or denied as families. */
export interface SocketRule {
  readonly effect: Effect;
  readonly family: "netlink" | "ping" | "raw" | "packet" | "vsock";
  /** Protocol number within the family; null for every protocol. */
  readonly protocol: number | null;
  readonly source: Source;
}

const request = is.object({
  class: is.oneOf("socket"),
  family: is.oneOf("netlink", "ping", "raw", "packet", "vsock", "other"),
  protocol: is.whole(),
});
export type SocketRequest = is.Described<typeof request>;

/** Sockets of families that have no addresses or names that a rule could name. */
export const sockets: RuleKind<SocketRule, SocketRequest> = {
  request,
  decide: (rules, { family, protocol }) =>
    firstDenyElseAllow(
      rules,
      (rule) => rule.family === family && (rule.protocol === null || rule.protocol === protocol),
    ),
  suggest: ({ family, protocol }) =>
    family === "other" ? null : { section: "network", line: formatSocket({ family, protocol }) },
  spell: ({ family, protocol }) =>
    family === "other" ? family : formatSocket({ family, protocol }),
};

/** The rule as one writes it. */
export function formatSocket({
  family,
  protocol,
}: Pick<SocketRule, "family" | "protocol">): string {
  if (family !== "netlink" && family !== "raw") return family;
  if (protocol === null) return `${family} *`;
  return `${family} ${protocolName(family, protocol) ?? protocol}`;
}

/** `netlink route`, `raw 1`. */
export function askSocket(family: "netlink" | "raw", name: string): SocketRequest | Misuse {
  const protocol = /^\d{1,3}$/.test(name) ? Number(name) : protocolNumber(family, name);
  if (protocol !== null) return { class: "socket", family, protocol };
  return {
    problem: `\`${name}\` is no protocol of ${family} sockets`,
    help: `the names are: ${Object.keys(socketProtocols[family]).join(", ")}`,
  };
}
