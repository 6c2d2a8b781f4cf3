import { diagnose } from "../../diagnostics/diagnose.ts";
import type { Report } from "../../diagnostics/diagnostic.ts";
import { eachSection, type WordRules, type WordSection, type Words } from "../../kinds/model.ts";
import { wordSyntax } from "../../kinds/policy.ts";
import { isNamed } from "../../model/is-named.ts";
import type { TokenRule } from "../../model/policy.ts";
import type { PolicySource, TokenLine, WordLines } from "../1-parse/source.ts";
import type { WordContext } from "../word-syntax.ts";

export function resolveWords(sources: readonly PolicySource[], context: WordContext): WordRules {
  return eachSection<WordRules>((section) => resolveSection(section, sources, context));
}

function resolveSection<S extends WordSection>(
  section: S,
  sources: readonly WordLines[],
  context: WordContext,
): readonly TokenRule<Words[S]>[] {
  const { resolve, always } = wordSyntax[section];
  const lines = gather(
    sources.map((source) => source[section]),
    context.scope.report,
  );
  return canonical([
    ...lines.flatMap((line) => resolve(line, context)),
    ...(always?.(context) ?? []),
  ]);
}

/** Warns about a line that is written twice in the same file. */
function gather<T extends string>(
  sources: readonly (readonly TokenLine<T>[])[],
  report: Report,
): TokenLine<T>[] {
  for (const lines of sources) {
    const seen = new Map<string, number>();
    for (const { effect, token, word } of lines) {
      const line = seen.get(`${effect} ${token}`);
      if (line !== undefined) report(diagnose("repeated-token", word.span, { token, line }));
      else seen.set(`${effect} ${token}`, word.span.line);
    }
  }
  return sources.flat();
}

/**
 * One rule per effect and token, sorted: allow before deny, then by token. Of duplicates the first
 * one written is kept. A rule that names the token itself takes precedence over one that means it
 * by a group, because `3-check` refuses tokens that are named.
 */
function canonical<T extends string>(rules: readonly TokenRule<T>[]): TokenRule<T>[] {
  const first = new Map<string, TokenRule<T>>();
  for (const rule of rules) {
    const key = `${rule.effect} ${rule.token}`;
    const standing = first.get(key);
    if (standing === undefined || (!isNamed(standing) && isNamed(rule))) first.set(key, rule);
  }
  return [...first].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, rule]) => rule);
}
