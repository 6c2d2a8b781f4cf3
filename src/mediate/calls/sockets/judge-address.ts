import { formatEndpoint, unmapped } from "../../../model/network.ts";
import { Permission } from "../../../model/permission.ts";
import { deny, denyName } from "../../answer/deny.ts";
import { error, never, type Outcome } from "../../answer/outcome.ts";
import { E } from "../../sys/abi.ts";
import type { Call } from "../call.ts";
import type { Address } from "./address.ts";
import { AF, isDualStack, type TargetSocket } from "./socket.ts";

/** null if the policy grants the address. For a path the caller judges where it leads. */
export function judgeAddress(
  call: Call,
  socket: TargetSocket,
  address: Address,
  operation: "connect" | "listen",
): Outcome | null {
  const internet = socket.domain === AF.inet || socket.domain === AF.inet6;
  switch (address.kind) {
    case "inet":
      return internet ? judgeInet(call, socket, address, operation) : strange(socket, address);
    case "abstract":
      if (socket.domain !== AF.unix) return strange(socket, address);
      return call.broker.grants.of(address.name, Permission[operation]) & Permission[operation]
        ? null
        : denyName(operation, address.name);
    case "path":
      return socket.domain === AF.unix ? null : strange(socket, address);
    case "unnamed":
      if (socket.domain !== AF.unix) return strange(socket, address);
      // The chosen name is judged when it is bound (`autobind.ts`).
      return operation === "listen" ? null : error(E.INVAL);
    case "other":
      return judgeOther(call, socket, address, operation);
  }
}

/** The shortest address that the kernel accepts (inet_bind, inet6_bind), bytes. */
const ADDRESS_BYTES_MIN: Readonly<Record<number, number>> = { [AF.inet]: 16, [AF.inet6]: 24 };

/** The kernel's error for an address of another family than the socket's. */
function strange(socket: TargetSocket, { bytes }: Address): Outcome {
  if (socket.domain === AF.unix || bytes.length < (ADDRESS_BYTES_MIN[socket.domain] ?? 0))
    return error(E.INVAL);
  return error(E.AFNOSUPPORT);
}

function judgeInet(
  call: Call,
  socket: TargetSocket,
  { address, port }: Address & { kind: "inet" },
  operation: "connect" | "listen",
): Outcome | null {
  // Ping and raw sockets are granted by family when they are made.
  if (socket.protocol === null) return null;
  for (const one of meant(socket, address, operation)) {
    const request = {
      class: "address",
      operation,
      protocol: socket.protocol,
      address: one,
      port,
    } as const;
    if (call.broker.decide(request).outcome !== "granted")
      return deny(request, `${socket.protocol} ${formatEndpoint(unmapped(one), port)}`);
  }
  return null;
}

const EVERY_IPV4 = Uint8Array.of(0, 0, 0, 0);

/**
 * The addresses that must be granted. `::` can also mean IPv4. A connect to it leads to 127.0.0.1
 * if the socket is bound to a mapped address, which another thread may do afterwards
 * (tcp_v6_connect, __ip6_datagram_connect). A bind to it takes every IPv4 address unless
 * IPV6_V6ONLY is set.
 */
function meant(
  socket: TargetSocket,
  address: Uint8Array,
  operation: "connect" | "listen",
): readonly Uint8Array[] {
  const unspecified = address.length === 16 && address.every((byte) => byte === 0);
  if (!unspecified || (operation === "listen" && !isDualStack(socket.fd))) return [address];
  return [address, EVERY_IPV4];
}

/**
 * Connecting to AF_UNSPEC dissolves a connection, which needs no grant. Families that are granted
 * as a whole have no addresses to judge. An internet or unix socket accepts no address of another
 * family.
 */
function judgeOther(
  call: Call,
  socket: TargetSocket,
  address: Address & { kind: "other" },
  operation: string,
): Outcome | null {
  const { family } = address;
  if (family === AF.unspec && operation === "connect") return null;
  if (socket.domain === AF.inet || socket.domain === AF.inet6 || socket.domain === AF.unix)
    return strange(socket, address);
  return family === socket.domain ? null : never(E.ACCES, call.name, `address family ${family}`);
}
