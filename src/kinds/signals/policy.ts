import { diagnose } from "../../diagnostics/diagnose.ts";
import { expand } from "../../policy/2-resolve/expand.ts";
import { spanOf, tokenRule } from "../../policy/2-resolve/rule-source.ts";
import { isSealedNow } from "../../policy/3-check/sealed-now.ts";
import { parseDomainName } from "../../policy/names.ts";
import type { WordSyntax } from "../../policy/word-syntax.ts";

/** Names of domains may hold variables. */
export const signals: WordSyntax<string> = {
  key: {
    summary:
      "Processes that the daemon may signal: `self` (its own domain, always granted), `any`, " +
      "or a domain by name.",
    form: "[deny] self|any|DOMAIN...",
    example: "signals: [self]",
    standard: "[self]",
  },
  resolve: (line, { scope }) =>
    expand(line.word, "plain", scope).flatMap((token) => {
      if (parseDomainName(token) !== null) return [tokenRule(line, token)];
      scope.report(diagnose("bad-name", line.word.span, { value: token, what: "a domain" }));
      return [];
    }),
  check(policy, _context, report) {
    if (policy.mediation !== "sealed") return;
    for (const { effect, token, source } of policy.signals) {
      if (effect !== "allow" || token === "self" || token === "any") continue;
      report(
        isSealedNow(policy)
          ? diagnose("sealed-signal", spanOf(source), { name: token })
          : diagnose("refused-when-sealed", spanOf(source), {
              what: `signals to just the domain \`${token}\``,
            }),
      );
    }
  },
  chapter: {
    title: "signals",
    text: () =>
      "`signals: [any]` covers every process that the daemon's user may signal. A domain " +
      "by name needs `mediation: supervised`.",
  },
};
