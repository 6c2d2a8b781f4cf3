import { routeOptions4, routeOptions6 } from "../../../kernel/argument-names.ts";
import {
  AF_UNIX,
  IPPROTO_IP,
  IPPROTO_IPV6,
  MSG_FASTOPEN,
  SOCK_TYPE_MASK,
} from "../../../kernel/constants.ts";
import {
  allow,
  ifBits,
  ifOneOf,
  ifPointer,
  notify,
  refuse,
  type Verdict,
} from "../../../kernel/system-calls/verdict.ts";
import type { CallRow } from "../call-row.ts";
import type { FilterContext } from "../filter-context.ts";
import { socketVerdict, unixTypes } from "./socket-families.ts";

/** `linux/in6.h`. */
const IPV6_V6ONLY = 26;

const brokered = ({ sockets }: FilterContext): boolean =>
  sockets.inet === "broker" || sockets.unix === "broker";
/** connect() and addressed sends say nothing of the socket's family in a register. */
const addressed = (context: FilterContext): Verdict => (brokered(context) ? notify : allow);

const FASTOPEN = "MSG_FASTOPEN connects past Landlock and is refused";

const sendmsg =
  (flags: number) =>
  (context: FilterContext): Verdict =>
    brokered(context) && context.sockets.datagrams
      ? notify
      : ifBits(flags, MSG_FASTOPEN, refuse, allow);

export const socketCalls: readonly CallRow[] = [
  {
    calls: ["socket"],
    class: "sockets",
    applies: "listed",
    why: "only families, types and protocols that the policy grants and this host can hold; MPTCP, SMC, SCTP and UDP-Lite escape address rules and are refused",
    verdict: ({ sockets }) => socketVerdict(sockets),
  },
  {
    calls: ["socketpair"],
    class: "sockets",
    applies: "listed",
    why: "unix streams only, unless unix names are held and somewhere to send a datagram to is granted: a datagram end can still connect and send to any path",
    verdict: ({ sockets }) => {
      const types = unixTypes(sockets);
      return ifOneOf(0, [AF_UNIX], ifOneOf(1, types, allow, refuse, SOCK_TYPE_MASK), refuse);
    },
  },
  {
    calls: ["connect"],
    class: "sockets",
    applies: "listed",
    why: "asked about where addresses or unix names are brokered",
    verdict: addressed,
  },
  {
    calls: ["bind"],
    class: "sockets",
    applies: "listed",
    why: "no hook below sees a unix socket bound to a name, not even Landlock for abstract names, and any end of a socketpair can be bound",
    verdict: () => notify,
  },
  {
    calls: ["listen"],
    class: "sockets",
    applies: "listed",
    why: "on an unbound TCP socket it takes a free port past Landlock and cgroup-BPF",
    verdict: ({ sockets }) => (sockets.tcp && !sockets.listensAnywhere ? notify : allow),
  },
  {
    calls: ["sendto"],
    class: "sockets",
    applies: "listed",
    why: `${FASTOPEN}; with an address it is asked about where addresses or unix names are brokered`,
    verdict: (context) => ifBits(3, MSG_FASTOPEN, refuse, ifPointer(4, addressed(context), allow)),
  },
  {
    calls: ["sendmsg"],
    class: "sockets",
    applies: "listed",
    why: `${FASTOPEN}; the address lies in memory, so every use is asked about where addresses or unix names are brokered and the domain may have datagram sockets: on others no address counts`,
    verdict: sendmsg(2),
  },
  {
    calls: ["sendmmsg"],
    class: "sockets",
    applies: "listed",
    why: `as sendmsg`,
    verdict: sendmsg(3),
  },
  {
    calls: ["setsockopt"],
    class: "sockets",
    applies: "listed",
    why: "source routes (IP_OPTIONS, IPV6_RTHDR and their older forms) lead packets past the address that was judged: refused. IPV6_V6ONLY is set by the mediator, so that it cannot change between the judgement of a bind to `::` and the bind",
    verdict: ({ sockets }) =>
      ifOneOf(
        1,
        [IPPROTO_IP],
        ifOneOf(2, Object.values(routeOptions4), refuse, allow),
        ifOneOf(
          1,
          [IPPROTO_IPV6],
          ifOneOf(
            2,
            Object.values(routeOptions6),
            refuse,
            sockets.inet === "refused" ? allow : ifOneOf(2, [IPV6_V6ONLY], notify, allow),
          ),
          allow,
        ),
      ),
  },
];
