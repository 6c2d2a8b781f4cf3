import type { Word } from "./source.ts";
import type { Scalar } from "./tree.ts";

/**
 * The words of a rule, separated by white space. A backslash protects the next character, so that
 * `/srv/my\ files/**` is one word. The backslash stays: it belongs to the pattern.
 */
export function wordsOf(scalar: Scalar): Word[] {
  const words: Word[] = [];
  for (const match of scalar.value.matchAll(/(?:\\.|[^\s\\]|\\$)+/gs)) {
    words.push({ text: match[0], span: scalar.part(match.index, match[0].length) });
  }
  return words;
}

export function wholeWord(scalar: Scalar): Word {
  return { text: scalar.value, span: scalar.span };
}
