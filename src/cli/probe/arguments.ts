import { number } from "../../kernel/syscalls.ts";
import { type CapabilityName, capabilityNames } from "../../kinds/capabilities/model.ts";
import { formatAddress } from "../../model/network.ts";
import type { AddressRequest, SocketRequest } from "../../model/request.ts";

/** What is attempted, as `native/probe` takes it: where an attempt needs more than one object. */

export function addressArgument({ operation, protocol, address, port }: AddressRequest): string {
  return `${operation} ${protocol} ${formatAddress(address)} ${port}`;
}

/** From socket(2): family and type; the request has the protocol. null: of no family it names. */
const sockets: Readonly<Record<SocketRequest["family"], readonly [number, number] | null>> = {
  netlink: [16, 3],
  ping: [2, 2],
  raw: [2, 3],
  packet: [17, 3],
  vsock: [40, 1],
  other: null,
};
/** Of `ping`, IPPROTO_ICMP; a packet socket of protocol 0 receives nothing. */
const fixedProtocols: Partial<Record<SocketRequest["family"], number>> = { ping: 1, packet: 0 };

export function socketArgument({ family, protocol }: SocketRequest): string | null {
  const found = sockets[family];
  if (found === null) return null;
  return `socket ${found.join(" ")} ${fixedProtocols[family] ?? protocol}`;
}

const ARGUMENTS = 6;
/** No descriptor, no process, no flag and no address is -1. */
const NOTHING = "-1";
/** With a length of -1 it would ask for all memory. */
const otherArguments: Readonly<Record<string, string>> = { init_module: "0" };

/** With arguments that the kernel refuses once the caller may make the call at all. */
export function callArgument(name: string): string {
  const each = otherArguments[name] ?? NOTHING;
  return `call ${number(name) ?? NOTHING} ${Array(ARGUMENTS).fill(each).join(" ")}`;
}

export function capabilityArgument(name: CapabilityName): string {
  return `capability ${capabilityNames.indexOf(name)}`;
}

/** Of a rename or a link. */
export function twoNamesArgument(operation: string, from: string, to: string): string {
  return `${operation} ${Buffer.byteLength(from)} ${from} ${to}`;
}
