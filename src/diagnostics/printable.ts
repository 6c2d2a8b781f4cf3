/**
 * Characters that would move the cursor, colour the terminal or reorder the line: controls (but
 * newline is one too), line separators, and the bidirectional controls of Unicode, which can make a
 * rule look like another one.
 */
const unprintable =
  /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]/gu;

/** `text` with every such character written as `\u{...}`, so that showing it cannot do anything. */
export function printable(text: string): string {
  return text.replaceAll(
    unprintable,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

/** The same of a text that has lines of its own. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}
