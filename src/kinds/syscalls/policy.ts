import { diagnose } from "../../diagnostics/diagnose.ts";
import { startOf } from "../../diagnostics/diagnostic.ts";
import { nearest } from "../../diagnostics/nearest.ts";
import type { TokenRule } from "../../model/rule.ts";
import type { TokenLine } from "../../policy/1-parse/source.ts";
import { ruleSource, spanOf, tokenRule } from "../../policy/2-resolve/rule-source.ts";
import type { Check } from "../../policy/3-check/context.ts";
import { isSealedNow } from "../../policy/3-check/sealed-now.ts";
import type { WordContext, WordSyntax } from "../../policy/word-syntax.ts";
import { mountCalls } from "./model.ts";

/** What every program needs to run at all; systemd's group of that name, see systemd.exec(5). */
const ALWAYS = "@default";

/** What no domain is given: a group is granted without these. */
const NEVER = "@never";

export const syscalls: WordSyntax<string> = {
  key: {
    summary: "System calls by name or `@group`. `@default` is always included.",
    form: "[deny] NAME|@GROUP...",
    example: 'syscalls: ["@system-service", deny chroot]',
    standard: "[@default]",
  },
  resolve,
  always({ vocabulary, file }) {
    const source = ruleSource(startOf(file), "allow", ALWAYS);
    const calls = vocabulary.groups.get(ALWAYS) ?? [];
    return calls.map((token): TokenRule => ({ effect: "allow", token, source }));
  },
  hasGroups: true,
  check: (policy, { neverGranted }, report) => reportNever(policy, new Set(neverGranted), report),
  chapter: {
    title: "system calls",
    text: (groups) =>
      `Groups of system calls: ${groups.map((name) => `\`${name}\``).join(", ")}.
\`@default\` is always granted. \`@never\` are the calls that no domain is given; a group that
contains one of them is granted without it.`,
  },
};

function resolve(line: TokenLine, { scope, vocabulary }: WordContext): TokenRule[] {
  const { syscalls: calls, groups } = vocabulary;
  const { token, word } = line;
  if (token.startsWith("@")) {
    const members = groups.get(token);
    if (members !== undefined) {
      const rule = tokenRule(line, token);
      const never = new Set(line.effect === "allow" ? groups.get(NEVER) : []);
      return members
        .filter((member) => !never.has(member))
        .map((member) => ({ ...rule, token: member }));
    }
    const known = [...groups.keys()].join(", ");
    scope.report(
      diagnose("unknown-group", word.span, { name: token, known }, nearest(token, groups.keys())),
    );
    return [];
  }
  if (calls.has(token)) return [tokenRule(line, token)];
  const group = groups.has(`@${token}`) ? `@${token}` : nearest(token, calls);
  scope.report(diagnose("unknown-syscall", word.span, { name: token }, group));
  return [];
}

function reportNever(
  policy: Parameters<Check>[0],
  never: ReadonlySet<string>,
  report: Parameters<Check>[2],
): void {
  for (const rule of policy.syscalls) {
    const { effect, token: name } = rule;
    if (effect === "deny" || !never.has(name)) continue;
    const span = spanOf(rule.source);
    const mounts = mountCalls.includes(name);
    if (isSealedNow(policy)) report(diagnose("sealed-syscall", span, { name }));
    else if (!mounts) report(diagnose("never-syscall", span, { name }));
    else if (policy.mediation === "sealed")
      report(diagnose("refused-when-sealed", span, { what: `\`${name}\`` }));
    else report(diagnose("refused-mount", span, { name }));
  }
}
