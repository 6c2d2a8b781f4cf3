import { diagnose } from "../../diagnostics/diagnose.ts";
import type { AddressRule } from "../../model/policy.ts";
import type { PlaceLine, PolicySource, Word } from "../1-parse/source.ts";
import { RULES_MAX } from "../limits.ts";
import { expand } from "./expand.ts";
import { formatPlace, parsePlace } from "./place.ts";
import { ruleSource } from "./rule-source.ts";
import type { Scope } from "./scope.ts";

/** `connect|listen tcp|udp` lines of all sources, one rule a place; `loopback` is two. */
export function resolveAddresses(sources: readonly PolicySource[], scope: Scope): AddressRule[] {
  const rules: AddressRule[] = [];
  for (const line of sources.flatMap((source) => source.network)) {
    if (line.kind !== "place") continue;
    for (const word of line.places) {
      for (const text of expand(word, "plain", scope))
        rules.push(...resolvePlace(line, word, text, scope));
    }
    if (rules.length > RULES_MAX) break;
  }
  return rules;
}

function resolvePlace(line: PlaceLine, word: Word, text: string, scope: Scope): AddressRule[] {
  const { effect, operation, protocol } = line;
  const result = parsePlace(text);
  if ("places" in result) {
    return result.places.map((place) => {
      const source = ruleSource(
        word.span,
        effect,
        `${operation} ${protocol} ${formatPlace(place)}`,
      );
      return { effect, operation, protocol, network: place.network, ports: place.ports, source };
    });
  }
  const { problem } = result;
  if (problem.kind === "host-bits")
    scope.report(diagnose("host-bits", word.span, { word: text, network: problem.network }));
  else
    scope.report(
      diagnose("bad-place", word.span, { word: text, operation, reason: problem.reason }),
    );
  return [];
}
