import {
  AF_ALG,
  AF_INET,
  AF_INET6,
  AF_NETLINK,
  AF_PACKET,
  AF_SMC,
  AF_UNIX,
  AF_VSOCK,
  AF_XDP,
  IPPROTO_ICMP,
  IPPROTO_ICMPV6,
  IPPROTO_IP,
  IPPROTO_MPTCP,
  IPPROTO_SCTP,
  IPPROTO_SMC,
  IPPROTO_TCP,
  IPPROTO_UDP,
  IPPROTO_UDPLITE,
  SOCK_DGRAM,
  SOCK_RAW,
  SOCK_STREAM,
  SOCK_TYPE_MASK,
} from "../../kernel/constants.ts";
import { Permission } from "../../model/permission.ts";
import type { Policy } from "../../model/policy.ts";
import { protocolName, type SocketRequest } from "./model.ts";

export interface AskedSocket {
  readonly family: number;
  readonly type: number;
  readonly protocol: number;
}

/** `other`: no rule can grant such a socket. */
type Kind = SocketRequest["family"] | "tcp" | "udp" | "unix";

export function socketWords(asked: AskedSocket): string {
  const { family, type, protocol } = asked;
  const version = family === AF_INET6 ? "IPv6" : "IPv4";
  const byNumbers = `a socket of type ${type & SOCK_TYPE_MASK}, protocol ${protocol}`;
  const kind = kindOf(asked);
  switch (kind) {
    case "tcp":
    case "udp":
      return `a ${kind.toUpperCase()} socket (${version})`;
    case "unix":
      return "a unix socket";
    case "netlink":
      return `netlink ${protocolName(kind, protocol) ?? protocol}`;
    case "raw":
      return `raw ${protocolName(kind, protocol) ?? protocol} (${version})`;
    case "ping":
      return `ping (${version})`;
    case "packet":
    case "vsock":
      return kind;
    case "other":
      return isInternet(family)
        ? `${otherProtocols[protocol] ?? byNumbers} (${version})`
        : (otherFamilies[family] ?? `a socket of family ${family}`);
  }
}

/**
 * Sockets of TCP, UDP and unix are granted by rules about addresses and names, and are no request
 * of their own.
 */
export function socketRequest(asked: AskedSocket): SocketRequest {
  const kind = kindOf(asked);
  const family = kind === "tcp" || kind === "udp" || kind === "unix" ? "other" : kind;
  return { class: "socket", family, protocol: asked.protocol };
}

/**
 * For a refused socket that no single line would grant: why, and what to do. null if `suggest()`
 * knows the line.
 */
export function socketHelp(
  asked: AskedSocket,
  policy: Policy,
): { reason: "no-rule" | "host" | "never"; help: string } | null {
  const kind = kindOf(asked);
  switch (kind) {
    case "tcp":
    case "udp": {
      const granted = policy.addresses.some(
        ({ effect, protocol }) => effect === "allow" && protocol === kind,
      );
      return granted ? unheld : any(`${kind} address`, `connect ${kind} ADDRESS:PORT`);
    }
    case "unix": {
      const names = Permission.connect | Permission.listen;
      const granted = policy.names.some(
        ({ effect, permissions }) => effect === "allow" && (permissions & names) !== 0,
      );
      if (!granted) return any("unix name", "connect unix NAME");
      return isDatagram(asked) && !goesSomewhere(policy) ? noDatagrams : unheld;
    }
    case "other":
      return {
        reason: "never",
        help: "no rule can judge what such a socket reaches: none is granted",
      };
    default:
      return null;
  }
}

function isDatagram({ type }: AskedSocket): boolean {
  return (type & SOCK_TYPE_MASK) === SOCK_DGRAM;
}

function goesSomewhere({ names }: Policy): boolean {
  return names.some(
    ({ effect, permissions }) => effect === "allow" && (permissions & Permission.connect) !== 0,
  );
}

const noDatagrams = {
  reason: "host",
  help: "where the broker judges names, datagram sockets take a grant to send: `connect unix NAME`",
} as const;

const unheld = {
  reason: "host",
  help: "`cofferdam plan` says what this host lacks for it",
} as const;

function any(what: string, example: string) {
  return {
    reason: "no-rule",
    help: `any rule about a ${what} grants the socket too, such as \`${example}\` under network`,
  } as const;
}

function kindOf({ family, type, protocol }: AskedSocket): Kind {
  const plain = type & SOCK_TYPE_MASK;
  if (family === AF_UNIX) return "unix";
  if (family === AF_NETLINK) return "netlink";
  if (family === AF_PACKET) return "packet";
  if (family === AF_VSOCK) return "vsock";
  if (!isInternet(family)) return "other";
  if (plain === SOCK_RAW) return "raw";
  if (plain === SOCK_STREAM)
    return protocol === IPPROTO_IP || protocol === IPPROTO_TCP ? "tcp" : "other";
  if (plain !== SOCK_DGRAM) return "other";
  if (protocol === IPPROTO_IP || protocol === IPPROTO_UDP) return "udp";
  return protocol === (family === AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP) ? "ping" : "other";
}

function isInternet(family: number): boolean {
  return family === AF_INET || family === AF_INET6;
}

const otherProtocols: Readonly<Record<number, string>> = {
  [IPPROTO_MPTCP]: "an MPTCP socket",
  [IPPROTO_SCTP]: "an SCTP socket",
  [IPPROTO_SMC]: "an SMC socket",
  [IPPROTO_UDPLITE]: "a UDP-Lite socket",
};

const otherFamilies: Readonly<Record<number, string>> = {
  [AF_ALG]: "a socket of the kernel's ciphers (AF_ALG)",
  [AF_SMC]: "an SMC socket",
  [AF_XDP]: "an XDP socket",
};
