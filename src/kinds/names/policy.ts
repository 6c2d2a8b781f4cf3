import { diagnose } from "../../diagnostics/diagnose.ts";
import type { Report, Span } from "../../diagnostics/diagnostic.ts";
import { parsePattern } from "../../model/pattern.ts";
import {
  formatLetters,
  Permission,
  type PermissionSet,
  permissionLetters,
} from "../../model/permission.ts";
import type { NameRule } from "../../model/rule.ts";
import { ruleText } from "../../policy/1-parse/rule.ts";
import type { FileLine, PolicySource, Word } from "../../policy/1-parse/source.ts";
import type { Scalar } from "../../policy/1-parse/tree.ts";
import { expand } from "../../policy/2-resolve/expand.ts";
import { ruleSource } from "../../policy/2-resolve/rule-source.ts";
import type { Scope } from "../../policy/2-resolve/scope.ts";
import { RULES_MAX } from "../../policy/limits.ts";

/** One rule per operand. */
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

/** `connect unix` and `listen unix` lines: names like any other, with permissions of their own. */
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
  // The offset counts in the expanded pattern, so it is of use only if nothing was expanded.
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

const filesForm = "LETTERS PATTERN... or deny [LETTERS] PATTERN...";

const everyLetter = Object.values(permissionLetters).reduce((set, bit) => set | bit, 0);

/**
 * `LETTERS PATTERN...`, `deny LETTERS PATTERN...`, or `deny PATTERN...` for every letter; null
 * after a diagnostic.
 */
export function parseFileLine(scalar: Scalar, report: Report): FileLine | null {
  const rule = ruleText(scalar, filesForm, report);
  const [letters, ...patterns] = rule?.words ?? [];
  if (rule === null || letters === undefined) return null;
  if (rule.effect === "deny" && /^[/$]/.test(letters.text)) {
    return { effect: "deny", permissions: everyLetter, patterns: rule.words };
  }
  const permissions = parseLetters(letters, report);
  if (patterns.length === 0) {
    report(diagnose("missing-operand", rule.span, { rule: rule.text, form: filesForm }));
    return null;
  }
  return permissions === null ? null : { effect: rule.effect, permissions, patterns };
}

function parseLetters(word: Word, report: Report): PermissionSet | null {
  let permissions = 0;
  let sound = true;
  for (const letter of word.text) {
    const bit = Object.hasOwn(permissionLetters, letter)
      ? permissionLetters[letter as keyof typeof permissionLetters]
      : 0;
    if (bit === 0 || (permissions & bit) !== 0) {
      report(
        diagnose(bit === 0 ? "bad-letter" : "repeated-letter", word.span, {
          letter,
          word: word.text,
        }),
      );
      if (bit === 0) return null;
      sound = false;
    }
    permissions |= bit;
  }
  return sound ? permissions : null;
}

/** The line under `files`; null if the rule has no letter. */
export function formatFile(rule: NameRule): string | null {
  const letters = formatLetters(rule.permissions);
  return letters === "" ? null : `${letters} ${rule.pattern}`;
}

/** The line under `network`; null if the rule is about no socket. */
export function formatUnix(rule: NameRule): string | null {
  if ((rule.permissions & Permission.connect) !== 0) return `connect unix ${rule.pattern}`;
  return (rule.permissions & Permission.listen) !== 0 ? `listen unix ${rule.pattern}` : null;
}
