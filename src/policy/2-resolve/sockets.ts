import type { SocketRule } from "../../model/policy.ts";
import { protocolName } from "../../model/socket-protocols.ts";
import type { PolicySource, SocketLine } from "../1-parse/source.ts";
import { ruleSource } from "./rule-source.ts";

/** `netlink`, `ping`, `raw`, `packet`, `vsock` lines of all sources. */
export function resolveSockets(sources: readonly PolicySource[]): SocketRule[] {
  return sources
    .flatMap((source) => source.network)
    .filter((line): line is SocketLine => line.kind === "socket")
    .map(({ effect, family, protocol, word }) => {
      return {
        effect,
        family,
        protocol,
        source: ruleSource(word.span, effect, formatSocket({ family, protocol })),
      };
    });
}

export function formatSocket({
  family,
  protocol,
}: Pick<SocketRule, "family" | "protocol">): string {
  if (family !== "netlink" && family !== "raw") return family;
  if (protocol === null) return `${family} *`;
  return `${family} ${protocolName(family, protocol) ?? protocol}`;
}
