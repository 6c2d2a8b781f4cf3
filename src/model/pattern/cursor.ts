import { PatternRefusal } from "./types.ts";

/** The lexer's position. It consumes characters, not UTF-16 units. */
export interface Cursor {
  readonly text: string;
  at: number;
}

/** Removes a backslash before the character. */
export function takeCharacter(cursor: Cursor): string {
  const offset = cursor.at;
  const plain = characterAt(cursor);
  if (plain !== "\\") return plain;
  if (cursor.at >= cursor.text.length) {
    throw new PatternRefusal(
      "pattern-escape",
      offset,
      "the backslash at the end stands before nothing",
    );
  }
  const escaped = characterAt(cursor);
  if (/[0-9A-Za-z/]/.test(escaped)) {
    throw new PatternRefusal(
      "pattern-escape",
      offset,
      `\`\\${escaped}\` is not an escape: a backslash only makes a special character plain`,
    );
  }
  return escaped;
}

/**
 * The byte of an escape `\xNN` at the cursor, or null. An escape for a character that can be
 * written plainly is refused, so that rules stay readable.
 */
export function takeByteEscape(cursor: Cursor): number | null {
  const { text, at: offset } = cursor;
  if (!text.startsWith("\\x", offset)) return null;
  const digits = /^[0-9A-Fa-f]{2}/.exec(text.slice(offset + 2, offset + 4))?.[0];
  const refusal = (message: string) => new PatternRefusal("pattern-escape", offset, message);
  if (digits === undefined)
    throw refusal("`\\x` wants two hexadecimal digits, as in `\\x0a` for a line feed");
  const byte = Number.parseInt(digits, 16);
  if (byte >= 0x20 && byte < 0x7f)
    throw refusal(`\`\\x${digits}\` is \`${String.fromCharCode(byte)}\`, which is written plainly`);
  cursor.at += 4;
  return byte;
}

function characterAt(cursor: Cursor): string {
  const offset = cursor.at;
  const character = String.fromCodePoint(cursor.text.codePointAt(offset) as number);
  const code = character.codePointAt(0) as number;
  if (code < 0x20 || code === 0x7f || (code >= 0xd800 && code <= 0xdfff)) {
    const shown = code.toString(16).padStart(2, "0");
    throw new PatternRefusal(
      "pattern-control-character",
      offset,
      code < 0x80
        ? `the character 0x${shown} is written \`\\x${shown}\``
        : `the character 0x${shown} is not text; write its bytes, each as \`\\xNN\``,
    );
  }
  cursor.at += character.length;
  return character;
}

export function unbalanced(offset: number, sign: string): PatternRefusal {
  return new PatternRefusal(
    "pattern-unbalanced",
    offset,
    `\`${sign}\` has no counterpart; write \`\\${sign}\` for the character itself`,
  );
}
