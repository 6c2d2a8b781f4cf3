import { PatternRefusal } from "./types.ts";

/** Where the lexer stands. Characters, not UTF-16 units, are taken one by one. */
export interface Cursor {
  readonly text: string;
  at: number;
}

/** One character, a backslash before it taken away. */
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
      `\`\\${escaped}\` is no escape: a backslash only makes a special character plain`,
    );
  }
  return escaped;
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
      `the character 0x${shown} cannot be written in a pattern; match it with \`?\``,
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
