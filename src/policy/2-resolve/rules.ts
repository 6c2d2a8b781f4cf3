import { diagnose } from "../../diagnostics/diagnose.ts";
import type { Span } from "../../diagnostics/diagnostic.ts";
import { parsePattern } from "../../model/pattern.ts";
import { formatLetters, Permission } from "../../model/permission.ts";
import type { NameRule } from "../../model/policy.ts";
import type { PolicySource, Word } from "../1-parse/source.ts";
import { RULES_MAX } from "../limits.ts";
import { expand } from "./expand.ts";
import { ruleSource } from "./rule-source.ts";
import type { Scope } from "./scope.ts";

/** `files` of all sources, one rule an operand. */
export function resolveFiles(sources: readonly PolicySource[], scope: Scope): NameRule[] {
  const rules: NameRule[] = [];
  for (const { effect, permissions, patterns } of sources.flatMap((source) => source.files)) {
    for (const { pattern, span } of patternsOf(patterns, "a path begins with `/`", /^\//, scope)) {
      const source = ruleSource(span, effect, `${formatLetters(permissions)} ${pattern}`);
      rules.push({ effect, permissions, pattern, source });
    }
    if (rules.length > RULES_MAX) break;
  }
  return rules;
}

/** `connect unix` and `listen unix` lines: names like any other, with their own two permissions. */
export function resolveUnix(sources: readonly PolicySource[], scope: Scope): NameRule[] {
  const rules: NameRule[] = [];
  for (const line of sources.flatMap((source) => source.network)) {
    if (line.kind !== "unix") continue;
    const { effect, operation } = line;
    for (const { pattern, span } of patternsOf(
      line.patterns,
      "a unix socket's name begins with `/` or `@`",
      /^[/@]/,
      scope,
    )) {
      const source = ruleSource(span, effect, `${operation} unix ${pattern}`);
      rules.push({ effect, permissions: Permission[operation], pattern, source });
    }
    if (rules.length > RULES_MAX) break;
  }
  return rules;
}

function patternsOf(
  words: readonly Word[],
  reason: string,
  beginning: RegExp,
  scope: Scope,
): { pattern: string; span: Span }[] {
  return words.flatMap((word) =>
    expand(word, "pattern", scope)
      .filter((pattern) => isPattern(pattern, word, reason, beginning, scope))
      .map((pattern) => ({ pattern, span: word.span })),
  );
}

function isPattern(
  pattern: string,
  word: Word,
  reason: string,
  beginning: RegExp,
  scope: Scope,
): boolean {
  if (!beginning.test(pattern)) {
    scope.report(diagnose("bad-pattern", word.span, { pattern, reason }));
    return false;
  }
  const parsed = parsePattern(pattern);
  if (!("problem" in parsed)) return true;
  // The offset is one of the expanded pattern; it points into the file only where nothing was
  // expanded.
  const within = pattern === word.text && word.span.length === [...word.text].length;
  const offset = within ? [...pattern.slice(0, parsed.problem.offset)].length : 0;
  const { column, length } = word.span;
  const span = {
    ...word.span,
    column: column + offset,
    length: Math.max(within ? 1 : 0, length - offset),
  };
  scope.report(diagnose("bad-pattern", span, { pattern, reason: parsed.problem.message }));
  return false;
}
