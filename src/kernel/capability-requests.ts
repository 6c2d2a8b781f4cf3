/**
 * Requests of ioctl(2) and options of setsockopt(2) that the kernel lets through for a capability
 * alone, by its own checks. A domain that started at level warning keeps its capabilities: there
 * such a call is judged in the place of the capability, by its registers. What the kernel asks only
 * of some values, or grants an owner too, is not here. Numbers: `linux/fs.h`, `linux/sockios.h`,
 * `asm-generic/socket.h`, `linux/in.h`, `linux/in6.h`, `linux/tcp.h`, `fs/ext4/ext4.h`.
 */
export interface CapabilityRequests {
  readonly capability: string;
  /** Where the kernel asks for it. */
  readonly source: string;
  readonly numbers: Readonly<Record<string, number>>;
}

export const capabilityIoctls: readonly CapabilityRequests[] = [
  {
    capability: "sys_admin",
    source: "ioctl_fsfreeze and ioctl_fsthaw in fs/ioctl.c",
    numbers: { FIFREEZE: 0xc0045877, FITHAW: 0xc0045878 },
  },
  {
    capability: "sys_admin",
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
    capability: "sys_resource",
    source: "ext4_resize_begin in fs/ext4/resize.c",
    numbers: { EXT4_IOC_GROUP_EXTEND: 0x40086607, EXT4_IOC_RESIZE_FS: 0x40086610 },
  },
  {
    capability: "net_admin",
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
      SIOCADDMULTI: 0x8931,
      SIOCDELMULTI: 0x8932,
      SIOCDIFADDR: 0x8936,
      SIOCSIFHWBROADCAST: 0x8937,
      SIOCSIFTXQLEN: 0x8943,
      SIOCSMIIREG: 0x8949,
      SIOCSIFMAP: 0x8971,
      SIOCBRADDBR: 0x89a0,
      SIOCBRDELBR: 0x89a1,
      SIOCBRADDIF: 0x89a2,
      SIOCBRDELIF: 0x89a3,
      SIOCSHWTSTAMP: 0x89b0,
    },
  },
  {
    capability: "net_admin",
    source: "ip_rt_ioctl in net/ipv4/fib_frontend.c, arp_ioctl in net/ipv4/arp.c",
    numbers: { SIOCADDRT: 0x890b, SIOCDELRT: 0x890c, SIOCDARP: 0x8953, SIOCSARP: 0x8955 },
  },
];

export interface CapabilityOptions extends CapabilityRequests {
  /** The second argument of setsockopt(2). */
  readonly level: number;
}

const SOL_SOCKET = 1;
const SOL_IP = 0;
const SOL_IPV6 = 41;
const SOL_TCP = 6;

export const capabilityOptions: readonly CapabilityOptions[] = [
  {
    level: SOL_SOCKET,
    capability: "net_admin",
    source: "sk_setsockopt in net/core/sock.c",
    numbers: { SO_DEBUG: 1, SO_SNDBUFFORCE: 32, SO_RCVBUFFORCE: 33, SO_MARK: 36 },
  },
  {
    level: SOL_IP,
    capability: "net_admin",
    source: "do_ip_setsockopt in net/ipv4/ip_sockglue.c, do_ipt_set_ctl in ip_tables.c",
    numbers: {
      IP_IPSEC_POLICY: 16,
      IP_XFRM_POLICY: 17,
      IP_TRANSPARENT: 19,
      IPT_SO_SET_REPLACE: 64,
      IPT_SO_SET_ADD_COUNTERS: 65,
    },
  },
  {
    level: SOL_IPV6,
    capability: "net_admin",
    source: "do_ipv6_setsockopt in net/ipv6/ipv6_sockglue.c, do_ip6t_set_ctl in ip6_tables.c",
    numbers: {
      IPV6_IPSEC_POLICY: 34,
      IPV6_XFRM_POLICY: 35,
      IP6T_SO_SET_REPLACE: 64,
      IP6T_SO_SET_ADD_COUNTERS: 65,
      IPV6_TRANSPARENT: 75,
    },
  },
  {
    level: SOL_TCP,
    capability: "net_admin",
    source: "tcp_can_repair_sock in net/ipv4/tcp.c",
    numbers: { TCP_REPAIR: 19 },
  },
];

/** The capability that a request of ioctl(2) takes; null for one that takes none. */
export function capabilityOfIoctl(request: number): string | null {
  const row = capabilityIoctls.find(({ numbers }) => Object.values(numbers).includes(request));
  return row?.capability ?? null;
}

/** The same of an option of setsockopt(2). */
export function capabilityOfOption(level: number, option: number): string | null {
  const row = capabilityOptions.find(
    (one) => one.level === level && Object.values(one.numbers).includes(option),
  );
  return row?.capability ?? null;
}
