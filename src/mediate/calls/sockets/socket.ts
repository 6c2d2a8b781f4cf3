import * as kernel from "../../../kernel/constants.ts";
import { quick } from "../../../kernel/quick.ts";
import { sockaddrUn, timeval } from "../../../kernel/structs.ts";
import { abi } from "../../sys/abi.ts";
import { type Errno, errnoOf } from "../../sys/errno.ts";
import { type Bytes, c, sys } from "../../sys/sys.ts";
import type { Call } from "../call.ts";
import { sameSocket } from "../descriptors/same-file.ts";

export { IPPROTO_IPV6, IPV6_V6ONLY } from "../../../kernel/constants.ts";

/** Families, types and options of sockets (socket(7)). */
export const AF = {
  unspec: kernel.AF_UNSPEC,
  unix: kernel.AF_UNIX,
  inet: kernel.AF_INET,
  inet6: kernel.AF_INET6,
  netlink: kernel.AF_NETLINK,
  packet: kernel.AF_PACKET,
  vsock: kernel.AF_VSOCK,
} as const;
export const SOCK = { stream: kernel.SOCK_STREAM, dgram: kernel.SOCK_DGRAM } as const;
const SOL_SOCKET = kernel.SOL_SOCKET;
const F_GETFL = kernel.F_GETFL;
const SO = {
  type: kernel.SO_TYPE,
  error: kernel.SO_ERROR,
  sendBuffer: kernel.SO_SNDBUF,
  sendTimeout: kernel.SO_SNDTIMEO,
  protocol: kernel.SO_PROTOCOL,
  domain: kernel.SO_DOMAIN,
} as const;
const IPPROTO = { tcp: kernel.IPPROTO_TCP, udp: kernel.IPPROTO_UDP } as const;

/** The target's own open socket, copied by pidfd_getfd. A dup2 in the target cannot exchange it. */
export interface TargetSocket {
  readonly fd: number;
  readonly domain: number;
  readonly type: number;
  /** null for a protocol without address rules: ping, raw, netlink, unix. */
  readonly protocol: "tcp" | "udp" | null;
  readonly nonBlocking: boolean;
}

/** Returns a negated error number on failure. */
export function socketOf(call: Call, index: number): TargetSocket | number {
  const fd = sameSocket(call, call.int(index));
  if (fd < 0) return fd;
  const domain = option(fd, SO.domain);
  const type = option(fd, SO.type);
  const protocol = option(fd, SO.protocol);
  if (domain < 0 || type < 0 || protocol < 0) return Math.min(domain, type, protocol);
  const inet = domain === AF.inet || domain === AF.inet6;
  const tcp = inet && type === SOCK.stream && protocol === IPPROTO.tcp;
  const udp = inet && type === SOCK.dgram && protocol === IPPROTO.udp;
  const flags = sys("fcntl", fd, F_GETFL, 0);
  return {
    fd,
    domain,
    type,
    protocol: tcp ? "tcp" : udp ? "udp" : null,
    nonBlocking: (flags & abi.O_NONBLOCK) !== 0,
  };
}

/** Returns a negated error number on failure. */
function option(fd: number, name: number, level = SOL_SOCKET): number {
  optionLength.writeUInt32LE(optionValue.length);
  const failed = quick.getsockopt(fd, level, name, optionValue, optionLength);
  return failed < 0 ? failed : optionValue.readInt32LE(0);
}

const optionValue = Buffer.alloc(4);
const optionLength = Buffer.alloc(4);

/** Whether a bind to `::` takes every IPv4 address, too. false for a socket that is not IPv6. */
export function isDualStack(fd: number): boolean {
  return option(fd, kernel.IPV6_V6ONLY, kernel.IPPROTO_IPV6) === 0;
}

/** The socket's pending error (SO_ERROR), cleared by reading; null where there is none. */
export function pendingError(fd: number): Errno | null {
  const found = option(fd, SO.error);
  return found === 0 ? null : errnoOf(-Math.abs(found));
}

/** struct sockaddr_un of a path, with its NUL. */
export function unixAddress(path: Bytes): Buffer {
  return Buffer.concat([sockaddrUn.encode({ sun_family: AF.unix }).subarray(0, SUN_PATH), c(path)]);
}

const SUN_PATH = sockaddrUn.offset.sun_path;

/** sizeof(struct sockaddr_storage): the kernel takes no longer address (move_addr_to_kernel). */
export const ADDRESS_BYTES_MAX = 128;

/** An end of socketpair(2), too. */
export function isConnectedUnixStream(fd: number): boolean {
  return (
    option(fd, SO.domain) === AF.unix &&
    option(fd, SO.type) === SOCK.stream &&
    askAddress("getpeername", fd).result >= 0
  );
}

export function ownAddress(fd: number): Buffer {
  return askAddress("getsockname", fd).address;
}

function askAddress(call: "getsockname" | "getpeername", fd: number) {
  const address = Buffer.alloc(ADDRESS_BYTES_MAX);
  const length = Buffer.from([ADDRESS_BYTES_MAX, 0, 0, 0]);
  const result = sys(call, fd, address, length);
  return { result, address: address.subarray(0, length.readUInt32LE(0)) };
}

/**
 * Runs `operation` with a send timeout of one tick, so that it cannot block the loop for longer,
 * and restores the target's own. O_NONBLOCK would do the same, but processes that share the open
 * file could meet it in their calls; the timeout they see only if they read the option at that
 * moment.
 */
export function withSendTimeout(fd: number, operation: () => number): number {
  const before = sendTimeoutOf(fd);
  const set = quick.setsockopt(fd, SOL_SOCKET, SO.sendTimeout, TICK);
  if (set < 0) return set;
  try {
    return operation();
  } finally {
    quick.setsockopt(fd, SOL_SOCKET, SO.sendTimeout, before);
  }
}

/** A microsecond becomes the shortest possible timeout. */
const TICK = timeval.encode({ tv_usec: 1n });

/**
 * Runs `operation` with O_NONBLOCK, for attempts that are repeated and must not take a tick each.
 * Until the socket is connected, a process that shares it has no other call that would notice.
 */
export function withoutWaiting({ fd, nonBlocking }: TargetSocket, operation: () => number): number {
  if (nonBlocking) return operation();
  const flags = sys("fcntl", fd, F_GETFL, 0);
  sys("fcntl", fd, kernel.F_SETFL, flags | abi.O_NONBLOCK);
  try {
    return operation();
  } finally {
    sys("fcntl", fd, kernel.F_SETFL, flags);
  }
}

/**
 * Bytes of sent data that the socket keeps until they are received (SO_SNDBUF). No datagram is
 * larger.
 */
export function sendBuffer(fd: number): number {
  return option(fd, SO.sendBuffer);
}

/** Of its blocking calls (SO_SNDTIMEO), milliseconds; infinite if none is set. */
export function sendTimeout(fd: number): number {
  const { tv_sec, tv_usec } = timeval.decode(sendTimeoutOf(fd));
  const milliseconds = Number(tv_sec) * 1_000 + Number(tv_usec) / 1_000;
  return milliseconds === 0 ? Number.POSITIVE_INFINITY : milliseconds;
}

function sendTimeoutOf(fd: number): Buffer {
  const value = timeval.alloc();
  optionLength.writeUInt32LE(value.length);
  quick.getsockopt(fd, SOL_SOCKET, SO.sendTimeout, value, optionLength);
  return value;
}
