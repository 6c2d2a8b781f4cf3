import { isIPv4 } from "node:net";
import { Permission } from "../../src/model/permission.ts";
import type { AddressRule, Effect, NameRule, Network, SocketRule } from "../../src/model/policy.ts";

export { policy as policyOf } from "../model/helpers/policy.ts";

/** `connect tcp 127.0.0.0/8:80-90`, `deny listen udp [::1]:53`, `connect tcp *:443`. */
export function addressRule(text: string): AddressRule {
  const match = /^(deny )?(connect|listen) (tcp|udp) (.+):(\d+)(?:-(\d+))?$/.exec(text);
  if (match === null) throw new Error(text);
  const [, deny, operation, protocol, network, first, last] = match;
  return {
    effect: deny ? "deny" : "allow",
    operation: operation as AddressRule["operation"],
    protocol: protocol as AddressRule["protocol"],
    network: networkOf(network!),
    ports: { first: Number(first), last: Number(last ?? first) },
    source: sourceOf(text),
  };
}

function networkOf(text: string): Network | null {
  if (text === "*") return null;
  const [address, prefix] = text.replace(/[[\]]/g, "").split("/");
  const bytes = addressBytes(address!);
  return {
    family: bytes.length === 4 ? 4 : 6,
    address: bytes,
    prefix: Number(prefix ?? bytes.length * 8),
  };
}

/** 4 or 16 bytes of a written address. */
export function addressBytes(text: string): Uint8Array {
  if (isIPv4(text)) return Uint8Array.from(text.split(".").map(Number));
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  if (dotted) {
    const head = addressBytes(`${dotted[1]}0:0`);
    head.set(addressBytes(dotted[2]!), 12);
    return head;
  }
  const [left = "", right] = text.split("::");
  const groups = (part: string) =>
    part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16));
  const [a, b] = [groups(left), groups(right ?? "")];
  const words =
    right === undefined ? a : [...a, ...Array<number>(8 - a.length - b.length).fill(0), ...b];
  return Uint8Array.from(words.flatMap((word) => [word >> 8, word & 0xff]));
}

export function nameRule(permissions: number, pattern: string, effect: Effect = "allow"): NameRule {
  return { effect, permissions, pattern, source: sourceOf(pattern) };
}

/** `connect unix PATTERN`. */
export function connectUnix(pattern: string, effect: Effect = "allow"): NameRule {
  return nameRule(Permission.connect, pattern, effect);
}

export function socketRule(
  family: SocketRule["family"],
  protocol: number | null,
  effect: Effect = "allow",
): SocketRule {
  return { effect, family, protocol, source: sourceOf(family) };
}

function sourceOf(text: string) {
  return { file: "test.yaml", line: 1, column: 1, text };
}
