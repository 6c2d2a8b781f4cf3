import type { CapabilityName } from "../kinds/capabilities/model.ts";

/**
 * Requests of ioctl(2) and options of setsockopt(2) that the kernel allows by a capability. A
 * domain that started at level warning keeps its capabilities, so these calls are judged instead.
 * Not listed: requests that an owner may make, too; drivers' own requests (SIOCDEVPRIVATE, wireless
 * extensions); and IPV6_FLOWLABEL_MGR, whose capability only exceeds a quota. Numbers:
 * `linux/fs.h`, `linux/sockios.h`, `asm-generic/socket.h`, `linux/in.h`, `linux/in6.h`,
 * `linux/tcp.h`, `linux/if_tunnel.h`, `linux/mroute.h`, `linux/ip_vs.h`, `fs/ext4/ext4.h`.
 */
export interface CapabilityRequests {
  /** Any one of them is enough. */
  readonly capabilities: readonly CapabilityName[];
  /** Where the kernel checks it. */
  readonly source: string;
  readonly numbers: Readonly<Record<string, number>>;
}

export const SIOCETHTOOL = 0x8946;

export const capabilityIoctls: readonly CapabilityRequests[] = [
  {
    capabilities: ["sys_admin"],
    source: "ioctl_fsfreeze and ioctl_fsthaw in fs/ioctl.c",
    numbers: { FIFREEZE: 0xc0045877, FITHAW: 0xc0045878 },
  },
  {
    capabilities: ["sys_admin"],
    source:
      "ext4_ioctl_shutdown, ext4_ioctl_checkpoint, FITRIM in fs/ext4/ioctl.c; fs/xfs likewise",
    numbers: {
      EXT4_IOC_SHUTDOWN: 0x8004587d,
      FITRIM: 0xc0185879,
      EXT4_IOC_CHECKPOINT: 0x4004662b,
      EXT4_IOC_SETFSUUID: 0x4008662c,
    },
  },
  {
    capabilities: ["sys_resource"],
    source: "ext4_resize_begin in fs/ext4/resize.c",
    numbers: { EXT4_IOC_GROUP_EXTEND: 0x40086607, EXT4_IOC_RESIZE_FS: 0x40086610 },
  },
  {
    capabilities: ["net_admin"],
    source: "dev_ioctl in net/core/dev_ioctl.c, devinet_ioctl in net/ipv4/devinet.c",
    numbers: {
      SIOCSIFFLAGS: 0x8914,
      SIOCSIFADDR: 0x8916,
      SIOCSIFDSTADDR: 0x8918,
      SIOCSIFBRDADDR: 0x891a,
      SIOCSIFNETMASK: 0x891c,
      SIOCSIFMETRIC: 0x891e,
      SIOCSIFMTU: 0x8922,
      SIOCSIFNAME: 0x8923,
      SIOCSIFHWADDR: 0x8924,
      SIOCSIFSLAVE: 0x8930,
      SIOCADDMULTI: 0x8931,
      SIOCDELMULTI: 0x8932,
      SIOCDIFADDR: 0x8936,
      SIOCSIFHWBROADCAST: 0x8937,
      SIOCSIFTXQLEN: 0x8943,
      SIOCGMIIPHY: 0x8947,
      SIOCGMIIREG: 0x8948,
      SIOCSMIIREG: 0x8949,
      SIOCSIFMAP: 0x8971,
      SIOCBONDENSLAVE: 0x8990,
      SIOCBONDRELEASE: 0x8991,
      SIOCBONDSETHWADDR: 0x8992,
      SIOCBONDCHANGEACTIVE: 0x8995,
      SIOCBRADDBR: 0x89a0,
      SIOCBRDELBR: 0x89a1,
      SIOCBRADDIF: 0x89a2,
      SIOCBRDELIF: 0x89a3,
      SIOCSHWTSTAMP: 0x89b0,
    },
  },
  {
    capabilities: ["net_admin"],
    source: "ip_rt_ioctl in net/ipv4/fib_frontend.c, arp_ioctl in net/ipv4/arp.c",
    numbers: { SIOCADDRT: 0x890b, SIOCDELRT: 0x890c, SIOCDARP: 0x8953, SIOCSARP: 0x8955 },
  },
  {
    capabilities: ["net_admin"],
    source: "sock_ioctl in net/socket.c: a descriptor of the network namespace",
    numbers: { SIOCGSKNS: 0x894c },
  },
  {
    capabilities: ["net_admin"],
    source: "ip_tunnel_ctl in net/ipv4/ip_tunnel.c, ipip6_tunnel_siocdevprivate in net/ipv6/sit.c",
    numbers: {
      SIOCADDTUNNEL: 0x89f1,
      SIOCDELTUNNEL: 0x89f2,
      SIOCCHGTUNNEL: 0x89f3,
      SIOCADDPRL: 0x89f5,
      SIOCDELPRL: 0x89f6,
      SIOCCHGPRL: 0x89f7,
      SIOCADD6RD: 0x89f9,
      SIOCDEL6RD: 0x89fa,
      SIOCCHG6RD: 0x89fb,
    },
  },
  {
    capabilities: ["net_admin"],
    source: "by a command in memory: br_ioctl_stub in net/bridge, vlan_ioctl_handler in net/8021q",
    numbers: { SIOCGIFBR: 0x8940, SIOCSIFBR: 0x8941, SIOCGIFVLAN: 0x8982, SIOCSIFVLAN: 0x8983 },
  },
  {
    capabilities: ["net_admin"],
    source: "by a command in memory: __dev_ethtool in net/ethtool/ioctl.c",
    numbers: { SIOCETHTOOL },
  },
  {
    capabilities: ["sys_admin"],
    source: "btrfs_ioctl in fs/btrfs/ioctl.c; linux/btrfs.h",
    numbers: {
      BTRFS_IOC_RESIZE: 0x50009403,
      BTRFS_IOC_ADD_DEV: 0x5000940a,
      BTRFS_IOC_RM_DEV: 0x5000940b,
      BTRFS_IOC_RM_DEV_V2: 0x5000943a,
      BTRFS_IOC_BALANCE: 0x5000940c,
      BTRFS_IOC_BALANCE_V2: 0xc4009420,
      BTRFS_IOC_BALANCE_CTL: 0x40049421,
      BTRFS_IOC_DEFAULT_SUBVOL: 0x40089413,
      BTRFS_IOC_SCRUB: 0xc400941b,
      BTRFS_IOC_SCRUB_CANCEL: 0x941c,
      BTRFS_IOC_DEV_REPLACE: 0xca289435,
      BTRFS_IOC_QUOTA_CTL: 0xc0109428,
      BTRFS_IOC_QGROUP_ASSIGN: 0x40189429,
      BTRFS_IOC_QGROUP_CREATE: 0x4010942a,
      BTRFS_IOC_QGROUP_LIMIT: 0x8030942b,
      BTRFS_IOC_QUOTA_RESCAN: 0x4040942c,
      BTRFS_IOC_SET_FEATURES: 0x40309439,
      BTRFS_IOC_ENCODED_READ: 0x80809440,
      BTRFS_IOC_ENCODED_WRITE: 0x40809440,
    },
  },
  {
    capabilities: ["sys_rawio"],
    source: "ioctl_fibmap in fs/ioctl.c",
    numbers: { FIBMAP: 1 },
  },
];

/**
 * Commands of SIOCETHTOOL that take no capability (`linux/ethtool.h`, in its order): reads of
 * settings, driver, messages, link, coalescing, rings, pause, checksums, strings, statistics and
 * the like.
 */
export const ETHTOOL_READS: ReadonlySet<number> = new Set([
  0x01, 0x03, 0x07, 0x0a, 0x0e, 0x10, 0x12, 0x14, 0x16, 0x18, 0x1b, 0x1d, 0x1e, 0x20, 0x21, 0x23,
  0x25, 0x27, 0x29, 0x2b, 0x2d, 0x2e, 0x2f, 0x30, 0x37, 0x38, 0x3a, 0x3c, 0x41, 0x44, 0x46, 0x48,
  0x4a, 0x4c, 0x4e, 0x50,
]);

type Free = { readonly from: number; readonly to: number } | "allowed congestion control";

export interface CapabilityOptions extends CapabilityRequests {
  /** The second argument of setsockopt(2). */
  readonly level: number;
  /**
   * `number`: judged by its number, because the kernel always requires the capability, or decides
   * by further memory. `value`: the mediator sets a copy of the value on the target's own socket,
   * without the capability, and returns the kernel's answer.
   */
  readonly judged: "number" | "value";
  /** The bytes of the value that the kernel reads. */
  readonly bytes?: number;
  /** Not reported at level warning. Missing if the kernel decides by the socket's state. */
  readonly free?: Free;
}

const SOL_SOCKET = 1;
const SOL_IP = 0;
const SOL_IPV6 = 41;
const SOL_TCP = 6;
const SOL_NETLINK = 270;

const OFF_IS_FREE = { from: 0, to: 0 } as const;

const socketOptions: readonly CapabilityOptions[] = [
  {
    ...{ level: SOL_SOCKET, judged: "number", capabilities: ["net_admin"] },
    source: "sk_setsockopt in net/core/sock.c",
    numbers: { SO_SNDBUFFORCE: 32, SO_RCVBUFFORCE: 33 },
  },
  {
    ...{ level: SOL_SOCKET, judged: "number", capabilities: ["net_admin", "net_raw"] },
    source: "the same; net_raw since 5.17",
    numbers: { SO_MARK: 36, SO_RCVMARK: 75, SO_RCVPRIORITY: 82 },
  },
  {
    ...{ level: SOL_SOCKET, judged: "value", capabilities: ["net_admin"], free: OFF_IS_FREE },
    source: "the same: switched on",
    numbers: { SO_DEBUG: 1, SO_PREFER_BUSY_POLL: 69 },
  },
  {
    ...{ level: SOL_SOCKET, judged: "value", capabilities: ["net_admin", "net_raw"] },
    source: "the same: above TC_PRIO_INTERACTIVE",
    free: { from: 0, to: 6 },
    numbers: { SO_PRIORITY: 12 },
  },
  {
    ...{ level: SOL_SOCKET, judged: "value", capabilities: ["net_admin"] },
    source: "the same: more than it is",
    numbers: { SO_BUSY_POLL: 46, SO_BUSY_POLL_BUDGET: 70 },
  },
  {
    ...{ level: SOL_SOCKET, judged: "value", capabilities: ["net_admin"], bytes: 8 },
    source: "the same: another clock than CLOCK_MONOTONIC",
    free: { from: 1, to: 1 },
    numbers: { SO_TXTIME: 61 },
  },
  {
    ...{ level: SOL_SOCKET, judged: "value", capabilities: ["net_raw"], bytes: 16 },
    source: "sock_bindtoindex_locked in net/core/sock.c: of a socket that is bound to a device",
    numbers: { SO_BINDTODEVICE: 25, SO_BINDTOIFINDEX: 62 },
  },
];

const internetOptions: readonly CapabilityOptions[] = [
  {
    ...{ level: SOL_IP, judged: "number", capabilities: ["net_admin"] },
    source: "do_ip_setsockopt in net/ipv4/ip_sockglue.c",
    numbers: { IP_IPSEC_POLICY: 16, IP_XFRM_POLICY: 17 },
  },
  {
    ...{ level: SOL_IP, judged: "number", capabilities: ["net_admin"] },
    source: "do_ipt_set_ctl, do_arpt_set_ctl, do_ebt_set_ctl; linux/netfilter*/",
    numbers: {
      IPT_SO_SET_REPLACE: 64,
      IPT_SO_SET_ADD_COUNTERS: 65,
      ARPT_SO_SET_REPLACE: 96,
      ARPT_SO_SET_ADD_COUNTERS: 97,
      EBT_SO_SET_ENTRIES: 128,
      EBT_SO_SET_COUNTERS: 129,
    },
  },
  {
    ...{ level: SOL_IP, judged: "number", capabilities: ["net_admin"] },
    source: "ip_mroute_setsockopt in net/ipv4/ipmr.c",
    numbers: numbered("MRT_", 200, 12),
  },
  {
    ...{ level: SOL_IP, judged: "number", capabilities: ["net_admin"] },
    source: "do_ip_vs_set_ctl in net/netfilter/ipvs/ip_vs_ctl.c",
    numbers: numbered("IP_VS_SO_SET_", 1152, 16),
  },
  {
    ...{ level: SOL_IP, judged: "value", capabilities: ["net_admin", "net_raw"] },
    source: "do_ip_setsockopt: switched on",
    free: OFF_IS_FREE,
    numbers: { IP_TRANSPARENT: 19 },
  },
  {
    ...{ level: SOL_IPV6, judged: "number", capabilities: ["net_admin"] },
    source: "do_ipv6_setsockopt in net/ipv6/ipv6_sockglue.c, do_ip6t_set_ctl in ip6_tables.c",
    numbers: {
      IPV6_IPSEC_POLICY: 34,
      IPV6_XFRM_POLICY: 35,
      IP6T_SO_SET_REPLACE: 64,
      IP6T_SO_SET_ADD_COUNTERS: 65,
    },
  },
  {
    ...{ level: SOL_IPV6, judged: "number", capabilities: ["net_admin"] },
    source: "ip6_mroute_setsockopt in net/ipv6/ip6mr.c",
    numbers: numbered("MRT6_", 200, 12),
  },
  {
    ...{ level: SOL_IPV6, judged: "number", capabilities: ["net_raw"] },
    source: "ipv6_set_opt_hdr in net/ipv6/ipv6_sockglue.c",
    numbers: { IPV6_HOPOPTS: 54, IPV6_RTHDRDSTOPTS: 55, IPV6_DSTOPTS: 59 },
  },
  {
    ...{ level: SOL_IPV6, judged: "value", capabilities: ["net_admin", "net_raw"] },
    source: "do_ipv6_setsockopt: switched on",
    free: OFF_IS_FREE,
    numbers: { IPV6_TRANSPARENT: 75 },
  },
  {
    ...{ level: SOL_TCP, judged: "number", capabilities: ["net_admin"] },
    source: "tcp_can_repair_sock in net/ipv4/tcp.c",
    numbers: { TCP_REPAIR: 19, TCP_AO_REPAIR: 42 },
  },
  {
    ...{ level: SOL_TCP, judged: "value", capabilities: ["net_admin"], bytes: 16 },
    source: "tcp_set_congestion_control in net/ipv4/tcp_cong.c: one that is not allowed to all",
    free: "allowed congestion control",
    numbers: { TCP_CONGESTION: 13 },
  },
  {
    ...{ level: SOL_NETLINK, judged: "value", capabilities: ["net_admin"] },
    source: "netlink_setsockopt in net/netlink/af_netlink.c: of a family that is not for all",
    numbers: { NETLINK_ADD_MEMBERSHIP: 1 },
  },
  {
    ...{ level: SOL_NETLINK, judged: "number", capabilities: ["net_broadcast"] },
    source: "netlink_setsockopt in net/netlink/af_netlink.c",
    numbers: { NETLINK_LISTEN_ALL_NSID: 8 },
  },
];

export const capabilityOptions: readonly CapabilityOptions[] = [
  ...socketOptions,
  ...internetOptions,
];

function numbered(kind: string, first: number, count: number): Record<string, number> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`${kind}${index}`, first + index]),
  );
}

/** null for a request that takes no capability. */
export function capabilityIoctl(request: number): CapabilityRequests | null {
  return capabilityIoctls.find(({ numbers }) => Object.values(numbers).includes(request)) ?? null;
}

/** null for an option that takes no capability. */
export function capabilityOption(level: number, option: number): CapabilityOptions | null {
  return (
    capabilityOptions.find(
      (one) => one.level === level && Object.values(one.numbers).includes(option),
    ) ?? null
  );
}
