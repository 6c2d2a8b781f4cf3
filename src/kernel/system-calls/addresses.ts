import { MSG_FASTOPEN } from "../constants.ts";
import type { AddressCall } from "./call.ts";
import { answering, ifListed } from "./columns.ts";
import type { SealedContext } from "./sealed-context.ts";
import { allow, ifBits, ifPointer, notify, refuse, type Verdict } from "./verdict.ts";

type Rest = Pick<AddressCall, "address" | "flags" | "permission" | "sealed" | "supervised">;

/** In each of these the first argument is the socket. */
function row(name: string, rest: Rest): AddressCall {
  return { class: "address", name, voids: [], descriptor: 0, ...rest };
}

const isBrokered = ({ sockets }: SealedContext): boolean =>
  sockets.inet === "broker" || sockets.unix === "broker";
/** No register of connect() or of an addressed send tells the socket's family. */
const addressed = (context: SealedContext): Verdict => (isBrokered(context) ? notify : allow);

const message = (flags: number) => (context: SealedContext) =>
  isBrokered(context) && context.sockets.datagrams
    ? notify
    : ifBits(flags, MSG_FASTOPEN, refuse, allow);

const FASTOPEN = "MSG_FASTOPEN would bypass Landlock and is refused";
const SENT =
  "with an address: sent by the mediator on the caller's own socket to the checked address";

/**
 * Calls that take an address, in a register's memory or inside a message. No register tells the
 * socket's family.
 */
export const addressCalls: readonly AddressCall[] = [
  row("connect", {
    address: { kind: "sockaddr", pointer: 1, length: 2 },
    flags: null,
    permission: "connect",
    sealed: ifListed("notified where addresses or unix names are brokered", addressed),
    supervised: answering(
      "made by the mediator on the caller's own socket with the checked address;" +
        " AF_UNSPEC continues",
    ),
  }),
  row("bind", {
    address: { kind: "sockaddr", pointer: 1, length: 2 },
    flags: null,
    permission: "listen",
    sealed: ifListed(
      "no lower layer checks every address: Landlock does not see abstract names, and either end" +
        " of a socketpair can be bound",
      () => notify,
    ),
    supervised: answering(
      "made by the mediator on the caller's own socket with the checked address;" +
        " a unix name is made with the caller's rights",
    ),
  }),
  row("listen", {
    address: { kind: "bound" },
    flags: null,
    permission: "listen",
    sealed: ifListed(
      "on an unbound TCP socket it takes a free port unseen by Landlock and cgroup-BPF",
      ({ sockets }) => (sockets.tcp && !sockets.listensAnywhere ? notify : allow),
    ),
    supervised: answering(
      "continues for a bound socket, whose address was judged before;" +
        " an unbound one needs `listen` on port 0",
    ),
  }),
  row("sendto", {
    address: { kind: "sockaddr", pointer: 4, length: 5 },
    flags: { kind: "register", argument: 3 },
    permission: "connect",
    sealed: ifListed(
      `${FASTOPEN}; with an address notified where addresses or unix names are brokered`,
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
      `${FASTOPEN}; the address lies in memory, so every use is notified where addresses or unix` +
        " names are brokered and the domain may have datagram sockets; other sockets use no" +
        " address",
      message(2),
    ),
    supervised: answering(
      `${SENT}; on a connected socket without one, too; MSG_FASTOPEN is refused`,
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
