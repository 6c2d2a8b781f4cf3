import { diagnose } from "../../diagnostics/diagnose.ts";
import { startOf } from "../../diagnostics/diagnostic.ts";
import { nearest } from "../../diagnostics/nearest.ts";
import type { TokenRule } from "../../model/policy.ts";
import type { PolicySource, TokenLine } from "../1-parse/source.ts";
import type { Vocabulary } from "../vocabulary.ts";
import { ruleSource } from "./rule-source.ts";
import type { Scope } from "./scope.ts";
import { canonical, gather, tokenRule } from "./tokens.ts";

/** What every program needs to run at all; systemd's group of that name, see systemd.exec(5). */
const ALWAYS = "@default";

/** Groups expanded; `@default` is granted to every domain. */
export function resolveSyscalls(
  sources: readonly PolicySource[],
  vocabulary: Vocabulary,
  scope: Scope,
): TokenRule[] {
  const lines = gather(sources, (source) => source.syscalls, scope.report);
  const source = ruleSource(startOf(sources[0]?.file ?? ""), "allow", ALWAYS);
  const always = (vocabulary.groups.get(ALWAYS) ?? []).map(
    (token): TokenRule => ({ effect: "allow", token, source }),
  );
  return canonical([...lines.flatMap((line) => expandLine(line, vocabulary, scope)), ...always]);
}

function expandLine(line: TokenLine, { syscalls, groups }: Vocabulary, scope: Scope): TokenRule[] {
  const { token, word } = line;
  if (token.startsWith("@")) {
    const members = groups.get(token);
    if (members !== undefined) {
      const rule = tokenRule(line, token);
      return members.map((member) => ({ ...rule, token: member }));
    }
    const known = [...groups.keys()].join(", ");
    scope.report(
      diagnose("unknown-group", word.span, { name: token, known }, nearest(token, groups.keys())),
    );
    return [];
  }
  if (syscalls.has(token)) return [tokenRule(line, token)];
  const group = groups.has(`@${token}`) ? `@${token}` : nearest(token, syscalls);
  scope.report(diagnose("unknown-syscall", word.span, { name: token }, group));
  return [];
}
