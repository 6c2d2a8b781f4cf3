import type { Span } from "../../diagnostics/diagnostic.ts";
import type { Effect, Source } from "../../model/policy.ts";

/** Where a rule comes from, with its text as one could paste it back. */
export function ruleSource(span: Span, effect: Effect, text: string): Source {
  const { file, line, column, length } = span;
  return { file, line, column, length, text: effect === "deny" ? `deny ${text}` : text };
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
