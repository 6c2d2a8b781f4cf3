/**
 * Controls (C0, DEL, C1) and what separates lines or turns the direction of writing, seen or not.
 */
const acting = /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** `text` with every such character as `\xNN` or `\u{N}`. */
export function escapeControls(text: string): string {
  return text.replace(acting, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
  });
}

/**
 * JSON that may be shown on a terminal: what JSON.stringify leaves as it is, C1 among it, is
 * escaped as JSON does. The newlines of its own form stay.
 */
export function printableJson(json: string): string {
  return json.replace(acting, (character) =>
    character === "\n" ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
