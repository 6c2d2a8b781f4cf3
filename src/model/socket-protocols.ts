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
