import { routeOptions4, routeOptions6 } from "../argument-names.ts";
import { capabilityOptions } from "../capability-requests.ts";
import {
  AF_UNIX,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  SOCK_TYPE_MASK,
  SOL_SOCKET,
} from "../constants.ts";
import type { SocketCall } from "./call.ts";
import { allow, ifOneOf, notify, type Verdict } from "./verdict.ts";

const FAMILY = 0;
const TYPE = 1;
/** `linux/in6.h`. */
const IPV6_V6ONLY = 26;
/** `linux/socket.h`. */
const SOL_NETLINK = 270;

/** Options that are asked about, by their level. */
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
  (rest, [level, asked]) => ifOneOf(1, [level], ifOneOf(2, asked, notify, allow), rest),
  allow,
);

/** Calls that make sockets, or change which addresses one reaches. */
export const socketCalls: readonly SocketCall[] = [
  {
    class: "socket",
    name: "socket",
    operation: "create",
    when: notify,
    voids: [],
    enforcing:
      "TCP, UDP and unix sockets go on if any rule grants one of their addresses or names, which are judged when they are used; other families and protocols if the policy grants them; MPTCP, SMC, SCTP and the like are refused",
  },
  {
    class: "socket",
    name: "socketpair",
    operation: "pair",
    when: ifOneOf(
      FAMILY,
      [AF_UNIX],
      ifOneOf(TYPE, [SOCK_STREAM, SOCK_SEQPACKET], allow, notify, SOCK_TYPE_MASK),
      notify,
    ),
    voids: [],
    enforcing:
      "unix streams go on; unix datagrams, whose ends can still connect and send to any name, if any rule grants a unix name; others are refused",
  },
  {
    class: "socket",
    name: "setsockopt",
    operation: "option",
    when: askedOptions,
    voids: [],
    enforcing: [
      "source routes are refused",
      "IPV6_V6ONLY is set by the mediator, since it decides what a bind to `::` takes",
      "what takes a capability (capability-requests.ts) goes on if the policy grants it",
      "what takes one by its value alone is set by the mediator, without it",
    ].join("; "),
  },
];
