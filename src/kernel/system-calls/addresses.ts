import { MSG_FASTOPEN } from "../constants.ts";
import type { AddressCall } from "./call.ts";
import { allow, ifBits, ifPointer, notify } from "./verdict.ts";

type Rest = Omit<AddressCall, "class" | "name" | "voids" | "descriptor" | "when"> &
  Partial<Pick<AddressCall, "when">>;

/** All of them name their socket first. */
function row(name: string, rest: Rest): AddressCall {
  return { class: "address", name, when: notify, voids: [], descriptor: 0, ...rest };
}

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
    enforcing:
      "done by the mediator on the caller's own socket with the address it checked; AF_UNSPEC goes on",
  }),
  row("bind", {
    address: { kind: "sockaddr", pointer: 1, length: 2 },
    flags: null,
    permission: "listen",
    enforcing:
      "done by the mediator on the caller's own socket with the address it checked; a unix name is made as the caller would",
  }),
  row("listen", {
    address: { kind: "bound" },
    flags: null,
    permission: "listen",
    enforcing:
      "goes on for a socket whose address was judged when it was bound; an unbound one needs `listen` on port 0",
  }),
  row("sendto", {
    address: { kind: "sockaddr", pointer: 4, length: 5 },
    flags: { kind: "register", argument: 3 },
    permission: "connect",
    when: ifBits(3, MSG_FASTOPEN, notify, ifPointer(4, notify, allow)),
    enforcing: `${SENT}; MSG_FASTOPEN is refused`,
  }),
  row("sendmsg", {
    address: { kind: "message", pointer: 1 },
    flags: { kind: "register", argument: 2 },
    permission: "connect",
    enforcing: `${SENT}; without one on a connected socket too; MSG_FASTOPEN is refused`,
  }),
  row("sendmmsg", {
    address: { kind: "messages", pointer: 1, count: 2 },
    flags: { kind: "register", argument: 3 },
    permission: "connect",
    enforcing: "as sendmsg, message by message",
  }),
];
