import { actingCharacters } from "../model/acting-characters.ts";

/** `text` with every such character as `\xNN` or `\u{N}`. */
export function escapeControls(text: string): string {
  return text.replace(actingCharacters, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
  });
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
