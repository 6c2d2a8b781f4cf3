import type { Span } from "../../diagnostics/diagnostic.ts";
import type { Effect, Source, TokenRule } from "../../model/rule.ts";
import type { TokenLine } from "../1-parse/source.ts";

/** Where a rule comes from, with its text as one could paste it back. */
export function ruleSource(span: Span, effect: Effect, text: string): Source {
  const { file, line, column, length } = span;
  return { file, line, column, length, text: effect === "deny" ? `deny ${text}` : text };
}

/** The rule that a written word stands for. */
export function tokenRule<T extends string>(line: TokenLine, token: T): TokenRule<T> {
  const { effect, word } = line;
  return { effect, token, source: ruleSource(word.span, effect, word.text) };
}

/** The place of a source, for a message about it. */
export function spanOf(source: Source): Span {
  return {
    file: source.file,
    line: source.line,
    column: source.column,
    length: source.length ?? 0,
  };
}
