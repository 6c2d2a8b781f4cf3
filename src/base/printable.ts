/**
 * Controls (C0, DEL, C1), line separators, and the marks that turn the direction of writing. A
 * terminal would move the cursor, change the colour or reorder the line. No policy file may contain
 * one.
 */
export const actingCharacters =
  /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** These characters, and halves of surrogate pairs, which are not valid text. */
export const unprintable = new RegExp(`${actingCharacters.source}|\\p{Cs}`, "gu");

/** `text` with every such character written as `\u{...}`, so that a terminal only shows it. */
export function printable(text: string): string {
  return text.replaceAll(
    unprintable,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

/** The same, but keeps the text's newlines. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}

/**
 * JSON that is safe on a terminal. JSON.stringify leaves some such characters, C1 among them; these
 * are escaped as JSON does. Newlines of the layout stay.
 */
export function printableJson(json: string): string {
  return json.replace(actingCharacters, (character) =>
    character === "\n" ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
