import { diagnose } from "../../diagnostics/diagnose.ts";
import type { Report } from "../../diagnostics/diagnostic.ts";
import { nearest } from "../../diagnostics/nearest.ts";
import type { RuleText } from "../../policy/1-parse/rule.ts";
import type { PolicySource, SocketLine, Word } from "../../policy/1-parse/source.ts";
import { ruleSource } from "../../policy/2-resolve/rule-source.ts";
import { formatSocket, protocolNumber, type SocketRule, socketProtocols } from "./model.ts";

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

/** `netlink PROTOCOL...` and `raw PROTOCOL...`; invalid ones are reported and left out. */
export function parseSockets(
  rule: RuleText,
  family: "netlink" | "raw",
  words: readonly Word[],
  report: Report,
): SocketLine[] {
  if (words.length === 0) {
    report(
      diagnose("missing-operand", rule.span, {
        rule: rule.text,
        form: `[deny] ${family} PROTOCOL...`,
      }),
    );
  }
  const lines: SocketLine[] = [];
  for (const word of words) {
    const protocol = parseProtocol(family, word.text);
    if (protocol !== undefined)
      lines.push({ kind: "socket", effect: rule.effect, family, protocol, word });
    else {
      const known = Object.keys(socketProtocols[family]);
      report(
        diagnose(
          "bad-socket",
          word.span,
          { word: word.text, family, known: known.join(", ") },
          nearest(word.text, known),
        ),
      );
    }
  }
  return lines;
}

/** null for every protocol, undefined for none. */
function parseProtocol(family: "netlink" | "raw", text: string): number | null | undefined {
  if (text === "*") return null;
  return protocolNumber(family, text) ?? undefined;
}
