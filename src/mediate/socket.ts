import { abi } from "./abi.ts";
import type { Call } from "./call.ts";
import { sys } from "./sys.ts";

/** Families, types and options of sockets (socket(7), x86_64). */
export const AF = { unspec: 0, unix: 1, inet: 2, inet6: 10, netlink: 16, packet: 17, vsock: 40 } as const;
export const SOCK = { stream: 1, dgram: 2 } as const;
/** ipv6(7). */
export const IPPROTO_IPV6 = 41;
export const IPV6_V6ONLY = 26;
const SOL_SOCKET = 1;
const SO = { type: 3, error: 4, sendTimeout: 21, protocol: 38, domain: 39 } as const;
const IPPROTO = { tcp: 6, udp: 17 } as const;
const F_GETFL = 3;

/** The target's own open socket, shared by pidfd_getfd: what is learnt of it here cannot be exchanged by dup2 in the target. */
export interface TargetSocket {
  readonly fd: number;
  readonly domain: number;
  readonly type: number;
  /** null for what no address rule speaks of: ping, raw, netlink, unix. */
  readonly protocol: "tcp" | "udp" | null;
  readonly nonBlocking: boolean;
}

/** The socket behind argument `index`, or a negated error number. */
export function socketOf(call: Call, index: number): TargetSocket | number {
  const fd = call.target.sameFile(call.int(index));
  if (fd < 0) return fd;
  const domain = option(fd, SO.domain);
  const type = option(fd, SO.type);
  const protocol = option(fd, SO.protocol);
  if (domain < 0 || type < 0 || protocol < 0) return Math.min(domain, type, protocol);
  const inet = domain === AF.inet || domain === AF.inet6;
  const tcp = inet && type === SOCK.stream && protocol === IPPROTO.tcp;
  const udp = inet && type === SOCK.dgram && protocol === IPPROTO.udp;
  const flags = sys("fcntl", fd, F_GETFL, 0);
  return { fd, domain, type, protocol: tcp ? "tcp" : udp ? "udp" : null, nonBlocking: (flags & abi.O_NONBLOCK) !== 0 };
}

/** Value of an int option, or a negated error number. */
function option(fd: number, name: number, level = SOL_SOCKET): number {
  const value = Buffer.alloc(4);
  const length = Buffer.from([4, 0, 0, 0]);
  const failed = sys("getsockopt", fd, level, name, value, length);
  return failed < 0 ? failed : value.readInt32LE(0);
}

/** Bound to `::` it takes every IPv4 address too. False for what is no IPv6 socket. */
export function isDualStack(fd: number): boolean {
  return option(fd, IPV6_V6ONLY, IPPROTO_IPV6) === 0;
}

/** Error number of what a socket was doing (SO_ERROR), 0 when it went well; taken, not only looked at. */
export function pendingError(fd: number): number {
  return Math.abs(option(fd, SO.error));
}

/** The address the socket is bound to. */
export function ownAddress(fd: number): Buffer {
  const address = Buffer.alloc(128);
  const length = Buffer.from([128, 0, 0, 0]);
  sys("getsockname", fd, address, length);
  return address.subarray(0, length.readUInt32LE(0));
}

/**
 * Runs `operation` with a send timeout of one tick, so that it cannot keep the loop waiting, and puts the target's own back.
 * O_NONBLOCK would be seen by whoever shares the open file; this too, but only by who reads the option in that moment.
 */
export function withoutWaiting(fd: number, operation: () => number): number {
  // struct timeval: a microsecond becomes the shortest timeout there is.
  const tick = Buffer.alloc(16);
  tick.writeBigInt64LE(1n, 8);
  const before = Buffer.alloc(16);
  sys("getsockopt", fd, SOL_SOCKET, SO.sendTimeout, before, Buffer.from([16, 0, 0, 0]));
  const set = sys("setsockopt", fd, SOL_SOCKET, SO.sendTimeout, tick, 16);
  if (set < 0) return set;
  try {
    return operation();
  } finally {
    sys("setsockopt", fd, SOL_SOCKET, SO.sendTimeout, before, 16);
  }
}
