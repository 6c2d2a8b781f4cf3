/**
 * Controls (C0, DEL, C1), line separators, and the marks that turn the direction of writing. Shown
 * on a terminal they would move the cursor, colour it or reorder the line. No policy file may
 * contain one.
 */
export const actingCharacters =
  /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** The same and halves of surrogate pairs, which are no text. */
const unprintable = new RegExp(`${actingCharacters.source}|\\p{Cs}`, "gu");

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

/**
 * JSON that may be shown on a terminal: what JSON.stringify leaves as it is, C1 among it, is
 * escaped as JSON does. The newlines of its own form stay.
 */
export function printableJson(json: string): string {
  return json.replace(actingCharacters, (character) =>
    character === "\n" ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
