import { diagnose } from "../../diagnostics/diagnose.ts";
import { type WordSection, wordSections } from "../../kinds/model.ts";
import { wordSyntax } from "../../kinds/policy.ts";
import { isNamed } from "../../model/is-named.ts";
import type { Policy, TokenRule } from "../../model/policy.ts";
import { spanOf } from "../2-resolve/rule-source.ts";
import type { Check } from "./context.ts";

/** The checks of each kind, and grants that a denial takes away. */
export const checkTokens: Check = (policy, context, report) => {
  for (const section of wordSections) {
    wordSyntax[section].check?.(policy, context, report);
    reportDenied(policy, section, report);
  }
};

function reportDenied(policy: Policy, section: WordSection, report: Parameters<Check>[2]): void {
  const rules: readonly TokenRule[] = policy[section];
  const { hasGroups } = wordSyntax[section];
  const denials = new Map(
    rules.filter(({ effect }) => effect === "deny").map(({ token, source }) => [token, source]),
  );
  for (const rule of rules) {
    const { token, source } = rule;
    const deny = denials.get(token);
    if (rule.effect === "deny" || deny === undefined || (hasGroups && !isNamed(rule))) continue;
    const values = { token, section, line: deny.line, file: deny.file };
    report(diagnose("denied-token", spanOf(source), values));
  }
}
