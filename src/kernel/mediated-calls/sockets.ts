import { routeOptions4, routeOptions6 } from "../argument-names.ts";
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPPROTO_UDP,
  SOCK_DGRAM,
  SOCK_STREAM,
  SOCK_TYPE_MASK,
} from "../constants.ts";
import type { SocketCall } from "./call.ts";
import { ask, ifOneOf, pass } from "./when.ts";

const FAMILY = 0;
const TYPE = 1;
const PROTOCOL = 2;
/** `linux/in6.h`. */
const IPV6_V6ONLY = 26;

/** Whatever such a socket does with an address is asked about: TCP and UDP proper, and unix sockets of every type. */
const judgedLater = ifOneOf(
  FAMILY,
  [AF_UNIX],
  pass,
  ifOneOf(
    FAMILY,
    [AF_INET, AF_INET6],
    ifOneOf(
      TYPE,
      [SOCK_STREAM],
      ifOneOf(PROTOCOL, [IPPROTO_IP, IPPROTO_TCP], pass, ask),
      ifOneOf(TYPE, [SOCK_DGRAM], ifOneOf(PROTOCOL, [IPPROTO_IP, IPPROTO_UDP], pass, ask), ask, SOCK_TYPE_MASK),
      SOCK_TYPE_MASK,
    ),
    ask,
  ),
);

/** Calls that make sockets, or change which addresses one reaches. */
export const socketCalls: readonly SocketCall[] = [
  {
    class: "socket",
    name: "socket",
    operation: "create",
    when: judgedLater,
    voids: [],
    enforcing: "families and protocols that the policy grants go on; MPTCP, SMC, SCTP and the like are refused",
  },
  {
    class: "socket",
    name: "socketpair",
    operation: "pair",
    when: ifOneOf(FAMILY, [AF_UNIX], pass, ask),
    voids: [],
    enforcing: "refused but for unix sockets, whose ends are judged when they connect, bind or send",
  },
  {
    class: "socket",
    name: "setsockopt",
    operation: "option",
    when: ifOneOf(
      1,
      [IPPROTO_IP],
      ifOneOf(2, Object.values(routeOptions4), ask, pass),
      ifOneOf(1, [IPPROTO_IPV6], ifOneOf(2, [...Object.values(routeOptions6), IPV6_V6ONLY], ask, pass), pass),
    ),
    voids: [],
    enforcing:
      "source routes are refused; IPV6_V6ONLY is set by the mediator, since it decides what a bind to `::` takes",
  },
];
