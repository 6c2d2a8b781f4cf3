import { complain } from "../complaint.ts";
import type { Operation, Unplaced } from "../resource.ts";
import { addressAt } from "./address.ts";
import type { Keys } from "./keys.ts";

/**
 * Reads QEMU's SocketAddress: `type`, and the members that belong to the type, as names that begin
 * with `prefix`. `inner`: the prefix of those members, if they are nested once more.
 */
export function socketAddress(
  keys: Keys,
  prefix: string,
  operation: Operation,
  protocol: "tcp" | "udp" = "tcp",
  inner = "",
): Unplaced {
  const at = (name: string): string => `${prefix}${inner}${name}`;
  const type = keys.need(`${prefix}type`, "say inet or unix");
  if (type === "unix") {
    keys.harmless(at("tight"));
    const name = keys.need(at("path"), "name the socket");
    return {
      kind: "socket",
      operation,
      path: keys.isOn(at("abstract")) ? `@${name}` : keys.argument.path(name),
    };
  }
  if (type !== "inet")
    complain(
      keys.where(`${prefix}type`),
      `\`${type}\` is not allowed in a domain`,
      "no descriptor is inherited",
    );
  keys.harmless(...["numeric", "ipv4", "ipv6", "keep-alive"].map(at));
  const [host, port] = [keys.get(at("host")) ?? "", keys.need(at("port"), "give the port")];
  return addressAt(keys.where(at("port")), host, port, operation, protocol, keys.get(at("to")));
}
