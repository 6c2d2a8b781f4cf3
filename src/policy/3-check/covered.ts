import { diagnose } from "../../diagnostics/diagnose.ts";
import type { NameRule, Policy, Source } from "../../model/policy.ts";
import { prefixOf } from "../../model/within.ts";
import { spanOf } from "../2-resolve/rule-source.ts";
import type { Check } from "./context.ts";
import { covers, parentOf } from "./overlap.ts";

/**
 * Grants that a denial takes away completely, rules written twice, and rules that another one
 * covers.
 */
export const checkCovered: Check = (policy, _context, report) => {
  for (const { rule, other } of coveredRules(policy)) {
    const span = spanOf(rule.source);
    const values = {
      ...placeOf(other.source),
      ...{ rule: rule.source.text, other: other.source.text },
    };
    if (other.effect !== rule.effect) report(diagnose("denied-rule", span, values));
    else if (other.source.text === rule.source.text)
      report(diagnose("duplicate-rule", span, values));
    else report(diagnose("covered-rule", span, values));
  }
};

/** A rule without which nothing would change, and why: a denial, or a wider rule of its file. */
interface Covered {
  readonly rule: NameRule;
  readonly other: NameRule;
}

export function coveredRules(policy: Policy): readonly Covered[] {
  const byPrefix = rulesByPrefix(policy);
  return policy.names.flatMap((rule, index) => {
    const near = candidates(rule, byPrefix).filter(({ other }) => other !== rule);
    const deny = near.find(
      ({ other }) => rule.effect === "allow" && other.effect === "deny" && covers(other, rule),
    );
    if (deny !== undefined) return [{ rule, other: deny.other }];
    // Of two equal rules the later one is redundant. Rules of another file are not this author's to
    // remove.
    const cover = near.find(({ other, at }) => {
      if (
        other.effect !== rule.effect ||
        other.source.file !== rule.source.file ||
        sameText(other.source, rule.source)
      )
        return false;
      return covers(other, rule) && (at < index || !covers(rule, other));
    });
    return cover === undefined ? [] : [{ rule, other: cover.other }];
  });
}

interface Candidate {
  readonly other: NameRule;
  readonly at: number;
}

function rulesByPrefix(policy: Policy): Map<string, Candidate[]> {
  const map = new Map<string, Candidate[]>();
  policy.names.forEach((other, at) => {
    const prefix = prefixOf(other);
    map.set(prefix, [...(map.get(prefix) ?? []), { other, at }]);
  });
  return map;
}

/** Only a rule whose plain beginning is the same or above can cover this one. */
function candidates(rule: NameRule, byPrefix: ReadonlyMap<string, Candidate[]>): Candidate[] {
  const found: Candidate[] = [];
  for (let prefix = prefixOf(rule); ; prefix = parentOf(prefix)) {
    found.push(...(byPrefix.get(prefix) ?? []));
    if (prefix === "/" || !prefix.startsWith("/")) return found;
  }
}

/** Two rules that came from one word through a list. */
function sameText(a: Source, b: Source): boolean {
  return a.line === b.line && a.column === b.column;
}

function placeOf(source: Source): { line: number; file: string } {
  return { line: source.line, file: source.file };
}
