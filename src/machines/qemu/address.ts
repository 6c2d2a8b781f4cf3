import { PORT_MAX } from "../../model/network.ts";
import { complain } from "../complaint.ts";
import type { AddressResource, Operation, Origin } from "../resource.ts";

const lookUp = "give a number, because Cofferdam looks up no names of services";

/**
 * `HOST:PORT`, `:PORT`, `[V6]:PORT`, or a port alone. `to`: QEMU may use any port up to this one.
 */
export function addressOf(
  origin: Origin,
  text: string,
  operation: Operation,
  protocol: "tcp" | "udp" = "tcp",
  to: string | null = null,
): AddressResource {
  const colon = text.lastIndexOf(":");
  const host = colon < 0 ? "" : text.slice(0, colon).replace(/^\[(.*)\]$/, "$1");
  return addressAt(origin, host, text.slice(colon + 1), operation, protocol, to);
}

export function addressAt(
  origin: Origin,
  host: string,
  port: string,
  operation: Operation,
  protocol: "tcp" | "udp" = "tcp",
  to: string | null = null,
): AddressResource {
  const first = portOf(origin, port);
  const last = to === null ? first : portOf(origin, to);
  if (last < first)
    complain(origin, `port ${last} lies before ${first}`, "let `to=` be the higher number");
  return { kind: "address", operation, protocol, host, ports: { first, last } };
}

function portOf(origin: Origin, text: string): number {
  const port = Number(text);
  return /^\d{1,5}$/.test(text) && port <= PORT_MAX
    ? port
    : complain(origin, `\`${text}\` is not a port`, lookUp);
}
