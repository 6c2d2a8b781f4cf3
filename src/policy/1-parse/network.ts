import { diagnose } from "../../diagnostics/diagnose.ts";
import type { Report } from "../../diagnostics/diagnostic.ts";
import { nearest } from "../../diagnostics/nearest.ts";
import { wholeFamilies } from "../../kinds/sockets/model.ts";
import { parseSockets } from "../../kinds/sockets/policy.ts";
import { type RuleText, refuseExtra, ruleText } from "./rule.ts";
import type { NetworkLine, Word } from "./source.ts";
import type { Scalar } from "./tree.ts";

const networkForm =
  "[deny] connect|listen tcp|udp|unix PLACE... or [deny] netlink|raw PROTOCOL... or [deny] " +
  "ping|packet|vsock";
const operations = ["connect", "listen", "netlink", "raw", ...wholeFamilies] as const;
const protocols = ["tcp", "udp", "unix"] as const;

/** A line with several protocols becomes one line each. Empty after a diagnostic. */
export function parseNetworkLine(scalar: Scalar, report: Report): NetworkLine[] {
  const rule = ruleText(scalar, networkForm, report);
  const [operation, ...rest] = rule?.words ?? [];
  if (rule === null || operation === undefined) return [];
  const name = operations.find((known) => known === operation.text);
  switch (name) {
    case "connect":
    case "listen":
      return addressed(rule, name, rest, report);
    case "netlink":
    case "raw":
      return parseSockets(rule, name, rest, report);
    case undefined: {
      const values = { word: operation.text, known: operations.join(", ") };
      report(
        diagnose("bad-operation", operation.span, values, nearest(operation.text, operations)),
      );
      return [];
    }
    default:
      if (refuseExtra(rest[0], `[deny] ${name}`, report)) return [];
      return [
        { kind: "socket", effect: rule.effect, family: name, protocol: null, word: operation },
      ];
  }
}

function addressed(
  rule: RuleText,
  operation: "connect" | "listen",
  words: readonly Word[],
  report: Report,
): NetworkLine[] {
  const [protocol, ...operands] = words;
  const kind = protocols.find((known) => known === protocol?.text);
  if (protocol !== undefined && kind === undefined) {
    report(
      diagnose(
        "bad-protocol",
        protocol.span,
        { word: protocol.text, operation },
        nearest(protocol.text, protocols),
      ),
    );
    return [];
  }
  if (kind === undefined || operands.length === 0) {
    report(
      diagnose("missing-operand", rule.span, {
        rule: rule.text,
        form: `[deny] ${operation} tcp|udp|unix PLACE...`,
      }),
    );
    return [];
  }
  return kind === "unix"
    ? [{ kind: "unix", effect: rule.effect, operation, patterns: operands }]
    : [{ kind: "place", effect: rule.effect, operation, protocol: kind, places: operands }];
}
