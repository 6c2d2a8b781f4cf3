import { Permission } from "../../../model/permission.ts";
import { denyName } from "../../answer/deny.ts";
import { error, type Outcome, unable } from "../../answer/outcome.ts";
import { abi, E } from "../../sys/abi.ts";
import { self, shown } from "../../sys/sys.ts";
import { canonical } from "../../walk/place.ts";
import type { PathArgument } from "../../walk/walk-context.ts";
import type { Call } from "../call.ts";
import { type Address, readAddress } from "./address.ts";
import { judgeAddress } from "./judge-address.ts";
import { socketOf, type TargetSocket, unixAddress } from "./socket.ts";

/** Where a connect or an addressed send goes: the address that the kernel gets. */
export type Destination = { readonly kind: "address"; readonly bytes: Buffer } | Outcome;

/** Must be read before the target's identity is taken. */
export function pathOf(call: Call, address: Address): PathArgument | null {
  if (address.kind !== "path") return null;
  const { path } = address;
  return {
    text: path,
    start: path.startsWith("/") ? call.target.root : call.target.directory(abi.AT_FDCWD),
  };
}

export interface Addressed {
  readonly socket: TargetSocket;
  readonly address: Address;
  readonly path: PathArgument | null;
}

/**
 * Must be read before the target's identity is taken. Returns a negated error number on failure.
 */
export function socketAndAddress(call: Call): Addressed | number {
  const socket = socketOf(call, 0);
  if (typeof socket === "number") return socket;
  const address = readAddress(call, call.word(1), call.int(2));
  if (typeof address === "number") return address;
  return { socket, address, path: pathOf(call, address) };
}

/**
 * Judges the address. A unix path is replaced by the socket to which it led when judged. Within
 * `asTarget`.
 */
export function judgeDestination(
  call: Call,
  socket: TargetSocket,
  address: Address,
  path: PathArgument | null,
): Destination {
  const refused = judgeAddress(call, socket, address, "connect");
  if (refused !== null) return refused;
  return path === null ? { kind: "address", bytes: address.bytes } : socketAt(call, path);
}

function socketAt(call: Call, path: PathArgument): Destination {
  const walked = call.walk(path, "always", { objectOnly: true });
  if (walked.kind === "error") return error(walked.errno);
  if (walked.kind !== "place") return unable(E.ACCES, call.name, shown(path.text));
  const { object, name } = walked.place;
  if (object === null) return error(E.NOENT);
  const judged = canonical(object.fd);
  if (typeof judged === "number") return error(judged);
  if ((call.broker.grants.of(judged, Permission.connect) & Permission.connect) === 0)
    return denyName("connect", name);
  if (object.stat.type !== abi.S_IFSOCK) return error(E.CONNREFUSED);
  const text = self(object.fd);
  const bytes = unixAddress(text);
  return { kind: "address", bytes };
}
