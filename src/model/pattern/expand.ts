import { PATTERN_ALTERNATIVES_MAX } from "../limits.ts";
import { type Atom, type Lexeme, PatternRefusal } from "./types.ts";

/**
 * Every combination of the braces, left to right. Throws PatternRefusal beyond
 * PATTERN_ALTERNATIVES_MAX.
 */
export function expand(lexemes: readonly Lexeme[]): readonly (readonly Atom[])[] {
  let sequences: readonly (readonly Atom[])[] = [[]];
  for (const lexeme of lexemes) {
    if (lexeme.kind !== "choice") {
      for (const sequence of sequences as Atom[][]) sequence.push(lexeme);
      continue;
    }
    const options = lexeme.alternatives.flatMap((alternative) => expand(alternative));
    if (sequences.length * options.length > PATTERN_ALTERNATIVES_MAX) {
      throw new PatternRefusal(
        "pattern-too-many-alternatives",
        lexeme.offset,
        `the braces stand for more than ${PATTERN_ALTERNATIVES_MAX} patterns; write ` +
          "several patterns, or `*`",
      );
    }
    sequences = sequences.flatMap((sequence) => options.map((option) => [...sequence, ...option]));
  }
  return sequences;
}
