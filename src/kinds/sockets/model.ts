import * as is from "../../base/schema.ts";
import { type Change, effectOf } from "../../model/change.ts";
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

/** They take no word. */
export const wholeFamilies = ["ping", "packet", "vsock"] as const;

/** IPPROTO_MAX of linux/in.h leaves out MPTCP, which is no raw socket's; netlink has fewer. */
const PROTOCOL_MAX = 255;

/** Of a name or a number as text. */
export function protocolNumber(family: keyof typeof socketProtocols, name: string): number | null {
  if (/^\d{1,3}$/.test(name)) return Number(name) <= PROTOCOL_MAX ? Number(name) : null;
  const table: Readonly<Record<string, number>> = socketProtocols[family];
  return Object.hasOwn(table, name) ? (table[name] ?? null) : null;
}

export function protocolName(family: keyof typeof socketProtocols, number: number): string | null {
  return Object.entries(socketProtocols[family]).find(([, value]) => value === number)?.[0] ?? null;
}

/** A process may ask for any number; a policy names only those that the kernel can have. */
function isProtocol(family: SocketRequest["family"], protocol: number): boolean {
  return (family !== "netlink" && family !== "raw") || protocol <= PROTOCOL_MAX;
}

/** `netlink route`, `ping`, `raw icmp`, `packet`, `vsock`: granted or denied as families. */
export interface SocketRule {
  readonly effect: Effect;
  readonly family: "netlink" | "ping" | "raw" | "packet" | "vsock";
  /** Within the family; null for every protocol. */
  readonly protocol: number | null;
  readonly source: Source;
}

const request = is.object({
  class: is.oneOf("socket"),
  family: is.oneOf("netlink", "ping", "raw", "packet", "vsock", "other"),
  protocol: is.whole(),
});
export type SocketRequest = is.Described<typeof request>;

export const sockets: RuleKind<SocketRule, SocketRequest> = {
  request,
  decide: (rules, { family, protocol }) =>
    firstDenyElseAllow(
      rules,
      (rule) => rule.family === family && (rule.protocol === null || rule.protocol === protocol),
    ),
  suggest: ({ family, protocol }) =>
    family === "other" || !isProtocol(family, protocol)
      ? null
      : { section: "network", line: formatSocket({ family, protocol }) },
  nearest(rules, { family }) {
    const rule = rules.find((one) => one.effect === "allow" && one.family === family);
    return rule === undefined ? null : { source: rule.source, why: "it is about another protocol" };
  },
  spell: ({ family, protocol }) =>
    family === "other" ? family : formatSocket({ family, protocol }),
  changes: (a, b) =>
    (["netlink", "ping", "raw", "packet", "vsock"] as const).flatMap((family) =>
      changesOf(
        family,
        a.filter((rule) => rule.family === family),
        b.filter((rule) => rule.family === family),
      ),
    ),
};

/** Every protocol that no rule names is decided like any other such protocol. */
function changesOf(
  family: SocketRule["family"],
  a: readonly SocketRule[],
  b: readonly SocketRule[],
): Change<SocketRequest>[] {
  const named = new Set([...a, ...b].flatMap(({ protocol }) => protocol ?? []));
  const unnamed = firstNotIn(named);
  const effects = new Map(
    [unnamed, ...named].map((protocol) => {
      const request: SocketRequest = { class: "socket", family, protocol };
      return [protocol, effectOf(sockets.decide(a, request), sockets.decide(b, request))];
    }),
  );
  const others = effects.get(unnamed) ?? null;
  return [...effects].flatMap(([protocol, effect]): Change<SocketRequest>[] => {
    const isUnnamed = protocol === unnamed;
    // The line without a protocol tells of it already.
    if (effect === null || (!isUnnamed && effect === others)) return [];
    return [
      {
        effect,
        section: "network",
        line: formatSocket({ family, protocol: isUnnamed ? null : protocol }),
        isPart: isUnnamed && [...effects.values()].some((one) => one !== others),
        example: { class: "socket", family, protocol },
      },
    ];
  });
}

function firstNotIn(numbers: ReadonlySet<number>): number {
  let number = 0;
  while (numbers.has(number)) number++;
  return number;
}

export function formatSocket({
  family,
  protocol,
}: Pick<SocketRule, "family" | "protocol">): string {
  if (family !== "netlink" && family !== "raw") return family;
  if (protocol === null) return `${family} *`;
  return `${family} ${protocolName(family, protocol) ?? protocol}`;
}

export function askSocket(family: "netlink" | "raw", name: string): SocketRequest | Misuse {
  const protocol = protocolNumber(family, name);
  if (protocol !== null) return { class: "socket", family, protocol };
  return {
    problem: `\`${name}\` is not a protocol of ${family} sockets`,
    help: `the names are: ${Object.keys(socketProtocols[family]).join(", ")}`,
  };
}
