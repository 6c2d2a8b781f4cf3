import { decide } from "../model/decide.ts";
import { formatAddress } from "../model/network.ts";
import { Permission } from "../model/permission.ts";
import { E } from "./abi.ts";
import type { Address } from "./address.ts";
import type { Call } from "./call.ts";
import { deny, denyName } from "./deny.ts";
import { error, type Outcome, unable } from "./outcome.ts";
import { AF, type TargetSocket } from "./socket.ts";

const EAFNOSUPPORT = 97;

/** A refusal, or null when the policy grants the address (of a path: the caller judges where it leads). */
export function judgeAddress(
  call: Call,
  socket: TargetSocket,
  address: Address,
  operation: "connect" | "listen",
): Outcome | null {
  const internet = socket.domain === AF.inet || socket.domain === AF.inet6;
  switch (address.kind) {
    case "inet":
      return internet ? judgeInet(call, socket, address, operation) : error(EAFNOSUPPORT);
    case "abstract":
      if (socket.domain !== AF.unix) return error(EAFNOSUPPORT);
      return call.broker.grants.of(address.name) & Permission[operation] ? null : denyName(operation, address.name);
    case "path":
      return socket.domain === AF.unix ? null : error(EAFNOSUPPORT);
    case "unnamed":
      return unable(E.ACCES, call.name, "a unix address without a name");
    case "other":
      return judgeOther(call, socket, address.family, operation);
  }
}

function judgeInet(
  call: Call,
  socket: TargetSocket,
  { address, port }: Address & { kind: "inet" },
  operation: "connect" | "listen",
): Outcome | null {
  // Ping and raw sockets are granted as families when they are made.
  if (socket.protocol === null) return null;
  const request = { class: "address", operation, protocol: socket.protocol, address, port } as const;
  if (decide(call.broker.policy, request).outcome === "granted") return null;
  return deny(request, `${socket.protocol} ${formatAddress(address)} ${port}`);
}

/**
 * AF_UNSPEC dissolves a connection, which takes nothing. Families that are granted as a whole have no addresses to judge; an
 * internet or unix socket is given none of another family.
 */
function judgeOther(call: Call, socket: TargetSocket, family: number, operation: string): Outcome | null {
  if (family === AF.unspec && operation === "connect") return null;
  if (socket.domain === AF.inet || socket.domain === AF.inet6 || socket.domain === AF.unix) return error(EAFNOSUPPORT);
  return family === socket.domain ? null : unable(E.ACCES, call.name, `address family ${family}`);
}
