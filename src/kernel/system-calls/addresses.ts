import { MSG_FASTOPEN } from "../constants.ts";
import type { AddressCall } from "./call.ts";
import { answering, ifListed } from "./columns.ts";
import type { SealedContext } from "./sealed-context.ts";
import { allow, ifBits, ifPointer, notify, refuse, type Verdict } from "./verdict.ts";

type Rest = Pick<AddressCall, "address" | "flags" | "permission" | "sealed" | "supervised">;

/** All of them name their socket first. */
function row(name: string, rest: Rest): AddressCall {
  return { class: "address", name, voids: [], descriptor: 0, ...rest };
}

const isBrokered = ({ sockets }: SealedContext): boolean =>
  sockets.inet === "broker" || sockets.unix === "broker";
/** connect() and addressed sends say nothing of the socket's family in a register. */
const addressed = (context: SealedContext): Verdict => (isBrokered(context) ? notify : allow);

const message = (flags: number) => (context: SealedContext) =>
  isBrokered(context) && context.sockets.datagrams
    ? notify
    : ifBits(flags, MSG_FASTOPEN, refuse, allow);

const FASTOPEN = "MSG_FASTOPEN connects past Landlock and is refused";
const SENT =
  "with an address: sent by the mediator on the caller's own socket to the address it checked";

/**
 * Calls that take an address, in a register's memory or inside a message; nothing in a register
 * tells the socket's family.
 */
export const addressCalls: readonly AddressCall[] = [
  row("connect", {
    address: { kind: "sockaddr", pointer: 1, length: 2 },
    flags: null,
    permission: "connect",
    sealed: ifListed("asked about where addresses or unix names are brokered", addressed),
    supervised: answering(
      "done by the mediator on the caller's own socket with the address it checked;" +
        " AF_UNSPEC goes on",
    ),
  }),
  row("bind", {
    address: { kind: "sockaddr", pointer: 1, length: 2 },
    flags: null,
    permission: "listen",
    sealed: ifListed(
      "no hook below sees a unix socket bound to a name, not even Landlock for abstract names," +
        " and any end of a socketpair can be bound",
      () => notify,
    ),
    supervised: answering(
      "done by the mediator on the caller's own socket with the address it checked;" +
        " a unix name is made as the caller would",
    ),
  }),
  row("listen", {
    address: { kind: "bound" },
    flags: null,
    permission: "listen",
    sealed: ifListed(
      "on an unbound TCP socket it takes a free port past Landlock and cgroup-BPF",
      ({ sockets }) => (sockets.tcp && !sockets.listensAnywhere ? notify : allow),
    ),
    supervised: answering(
      "goes on for a socket whose address was judged when it was bound;" +
        " an unbound one needs `listen` on port 0",
    ),
  }),
  row("sendto", {
    address: { kind: "sockaddr", pointer: 4, length: 5 },
    flags: { kind: "register", argument: 3 },
    permission: "connect",
    sealed: ifListed(
      `${FASTOPEN}; with an address it is asked about where addresses or unix names are brokered`,
      (context) => ifBits(3, MSG_FASTOPEN, refuse, ifPointer(4, addressed(context), allow)),
    ),
    supervised: answering(
      `${SENT}; MSG_FASTOPEN is refused`,
      ifBits(3, MSG_FASTOPEN, notify, ifPointer(4, notify, allow)),
    ),
  }),
  row("sendmsg", {
    address: { kind: "message", pointer: 1 },
    flags: { kind: "register", argument: 2 },
    permission: "connect",
    sealed: ifListed(
      `${FASTOPEN}; the address lies in memory, so every use is asked about where addresses or` +
        " unix names are brokered and the domain may have datagram sockets: on others no address" +
        " counts",
      message(2),
    ),
    supervised: answering(
      `${SENT}; without one on a connected socket too; MSG_FASTOPEN is refused`,
    ),
  }),
  row("sendmmsg", {
    address: { kind: "messages", pointer: 1, count: 2 },
    flags: { kind: "register", argument: 3 },
    permission: "connect",
    sealed: ifListed("as sendmsg", message(3)),
    supervised: answering("as sendmsg, message by message"),
  }),
];
