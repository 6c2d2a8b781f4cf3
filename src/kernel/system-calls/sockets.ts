import {
  FLOW_LABEL_REQUEST_BYTES,
  labelOptions,
  routeOptions4,
  routeOptions6,
} from "../argument-names.ts";
import { capabilityOptions } from "../capability-requests.ts";
import {
  AF_UNIX,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPV6_V6ONLY,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  SOL_SOCKET,
} from "../constants.ts";
import type { SocketCall } from "./call.ts";
import { answering, ifListed } from "./columns.ts";
import type { SealedContext } from "./sealed-context.ts";
import { FAMILY, ofType, socketVerdict, unixTypes } from "./socket-families.ts";
import { allow, ifOneOf, notify, refuse, type Verdict } from "./verdict.ts";

const LEVEL = 1;
const OPTION = 2;
const LENGTH = 4;
/** `linux/socket.h`. */
const SOL_NETLINK = 270;

/** Notified options, by level. */
const options: ReadonlyMap<number, readonly number[]> = new Map([
  [IPPROTO_IP, [...Object.values(routeOptions4), ...takingCapability(IPPROTO_IP)]],
  [IPPROTO_IPV6, [...Object.values(routeOptions6), IPV6_V6ONLY, ...takingCapability(IPPROTO_IPV6)]],
  ...[SOL_SOCKET, IPPROTO_TCP, SOL_NETLINK].map(
    (level) => [level, takingCapability(level)] as const,
  ),
]);

function takingCapability(level: number): number[] {
  return capabilityOptions
    .filter((row) => row.level === level)
    .flatMap(({ numbers }) => Object.values(numbers));
}

const askedOptions: Verdict = [...options].reduce<Verdict>(
  (rest, [level, asked]) =>
    ifOneOf(
      LEVEL,
      [level],
      ifOneOf(OPTION, asked, notify, level === IPPROTO_IPV6 ? unlessRouted(notify, allow) : allow),
      rest,
    ),
  allow,
);

/** A flow label that has more behind its request, or any other option. */
function unlessRouted(routed: Verdict, other: Verdict): Verdict {
  const ofLength = ifOneOf(LENGTH, [FLOW_LABEL_REQUEST_BYTES], allow, routed);
  return ifOneOf(OPTION, Object.values(labelOptions), ofLength, other);
}

const pairOf = (types: readonly number[], otherwise: Verdict): Verdict =>
  ifOneOf(FAMILY, [AF_UNIX], ofType(types, allow, otherwise), otherwise);

/** In a sealed domain the bounded capabilities already restrict the options that take one. */
function optionVerdict({ sockets }: SealedContext): Verdict {
  const v6Only = ifOneOf(OPTION, [IPV6_V6ONLY], notify, allow);
  const ofIpv6 = sockets.inet === "refused" ? allow : v6Only;
  return ifOneOf(
    LEVEL,
    [IPPROTO_IP],
    ifOneOf(OPTION, Object.values(routeOptions4), refuse, allow),
    ifOneOf(
      LEVEL,
      [IPPROTO_IPV6],
      ifOneOf(OPTION, Object.values(routeOptions6), refuse, unlessRouted(refuse, ofIpv6)),
      allow,
    ),
  );
}

export const socketCalls: readonly SocketCall[] = [
  {
    class: "socket",
    name: "socket",
    operation: "create",
    voids: [],
    sealed: ifListed(
      "only families, types and protocols that the policy grants and this host can confine;" +
        " MPTCP, SMC, SCTP and UDP-Lite would bypass address rules and are refused",
      ({ sockets }) => socketVerdict(sockets),
    ),
    supervised: answering(
      "continues for TCP, UDP and unix sockets if any rule grants one of their addresses or" +
        " names, which are judged at each use; other families and protocols if the policy grants" +
        " them; MPTCP, SMC, SCTP and similar protocols are refused",
    ),
  },
  {
    class: "socket",
    name: "socketpair",
    operation: "pair",
    voids: [],
    sealed: ifListed(
      "unix streams only, because a datagram end can still connect and send to any path;" +
        " datagrams where unix names are confined and a destination for them is granted",
      ({ sockets }) => pairOf(unixTypes(sockets), refuse),
    ),
    supervised: answering(
      "continues for unix streams, and, if any rule grants a unix name, for unix datagrams, whose" +
        " ends can still connect and send to any name; others are refused",
      pairOf([SOCK_STREAM, SOCK_SEQPACKET], notify),
    ),
  },
  {
    class: "socket",
    name: "setsockopt",
    operation: "option",
    voids: [],
    sealed: ifListed(
      "source routes (IP_OPTIONS, IPV6_RTHDR and their older forms, control data of a flow label)" +
        " lead packets around the judged address: refused. The mediator sets IPV6_V6ONLY, so that" +
        " it cannot change between the judgement of a bind to `::` and the bind",
      optionVerdict,
    ),
    supervised: answering(
      [
        "source routes are refused",
        "the mediator sets IPV6_V6ONLY, because it decides which addresses a bind to `::` takes",
        "options that take a capability (capability-requests.ts) continue if the policy grants it",
        "the mediator sets options that take one for some values only, without the capability",
      ].join("; "),
      askedOptions,
    ),
  },
];
