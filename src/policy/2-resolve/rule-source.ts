import type { Span } from "../../diagnostics/diagnostic.ts";
import type { Effect, Source, TokenRule } from "../../model/rule.ts";
import type { TokenLine } from "../1-parse/source.ts";

/** `text`: as it can be pasted back into a policy. */
export function ruleSource(span: Span, effect: Effect, text: string): Source {
  const { file, line, column, length } = span;
  return { file, line, column, length, text: effect === "deny" ? `deny ${text}` : text };
}

export function tokenRule<T extends string>(line: TokenLine, token: T): TokenRule<T> {
  const { effect, word } = line;
  return { effect, token, source: ruleSource(word.span, effect, word.text) };
}

/** For a message about it. */
export function spanOf(source: Source): Span {
  return {
    file: source.file,
    line: source.line,
    column: source.column,
    length: source.length ?? 0,
  };
}
