import {
  AF_INET,
  AF_INET6,
  AF_NETLINK,
  AF_PACKET,
  AF_UNIX,
  AF_VSOCK,
  IPPROTO_ICMP,
  IPPROTO_ICMPV6,
  IPPROTO_IP,
  IPPROTO_TCP,
  IPPROTO_UDP,
  SOCK_DGRAM,
  SOCK_RAW,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  SOCK_TYPE_MASK,
} from "../constants.ts";
import type { Protocols, SocketGrants } from "./sealed-context.ts";
import { allow, ifOneOf, refuse, type Verdict } from "./verdict.ts";

/** Registers of socket(2) and socketpair(2). */
export const FAMILY = 0;
const TYPE = 1;
const PROTOCOL = 2;

/**
 * Allows what the policy grants and this host can confine. The mediator refuses everything else.
 * The type's upper bits are flags; only its lowest four are compared, as in the kernel.
 */
export function socketVerdict(grants: SocketGrants): Verdict {
  const families: [number, Verdict][] = [
    [AF_INET, internet(grants, IPPROTO_ICMP)],
    [AF_INET6, internet(grants, IPPROTO_ICMPV6)],
    // SOCK_RAW would make a datagram socket (unix_create). No program needs that.
    [AF_UNIX, grants.unix === "refused" ? refuse : ofType(unixTypes(grants), allow, refuse)],
    [AF_NETLINK, ofType([SOCK_RAW, SOCK_DGRAM], protocols(grants.netlink), refuse)],
    [AF_PACKET, ofType([SOCK_RAW, SOCK_DGRAM], protocols(grants.packet), refuse)],
    [AF_VSOCK, ofType([SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET], protocols(grants.vsock), refuse)],
  ];
  return families.reduceRight<Verdict>(
    (rest, [family, verdict]) => ifOneOf(FAMILY, [family], verdict, rest),
    refuse,
  );
}

/** Datagram sockets only if they have a destination, or the kernel judges. */
export function unixTypes({ unix, datagrams }: SocketGrants): readonly number[] {
  const streams = [SOCK_STREAM, SOCK_SEQPACKET];
  const withDatagrams = unix === "kernel" || (unix === "broker" && datagrams);
  return withDatagrams ? [...streams, SOCK_DGRAM] : streams;
}

function internet(grants: SocketGrants, icmp: number): Verdict {
  const held = grants.inet !== "refused";
  const ping = grantsProtocol(grants.ping, icmp) ? [icmp] : [];
  const datagram = [...(held && grants.udp ? [IPPROTO_IP, IPPROTO_UDP] : []), ...ping];
  // MPTCP, SMC and SCTP are stream protocols that no address rule covers, so the allowed ones are
  // listed.
  const stream = held && grants.tcp ? [IPPROTO_IP, IPPROTO_TCP] : [];
  return ofType(
    [SOCK_STREAM],
    ifOneOf(PROTOCOL, stream, allow, refuse),
    ofType(
      [SOCK_DGRAM],
      ifOneOf(PROTOCOL, datagram, allow, refuse),
      ofType([SOCK_RAW], protocols(grants.raw), refuse),
    ),
  );
}

export function ofType(types: readonly number[], yes: Verdict, no: Verdict): Verdict {
  return ifOneOf(TYPE, types, yes, no, SOCK_TYPE_MASK);
}

function protocols(granted: Protocols): Verdict {
  return granted.kind === "only"
    ? ifOneOf(PROTOCOL, granted.numbers, allow, refuse)
    : ifOneOf(PROTOCOL, granted.numbers, refuse, allow);
}

function grantsProtocol(granted: Protocols, protocol: number): boolean {
  return granted.numbers.includes(protocol) === (granted.kind === "only");
}
