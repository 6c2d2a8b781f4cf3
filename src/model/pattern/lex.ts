import { PATTERN_NESTING_MAX } from "../limits.ts";
import { anyButSlash } from "./byte-set.ts";
import { type Cursor, takeByteEscape, takeCharacter, unbalanced } from "./cursor.ts";
import { lexClass } from "./lex-class.ts";
import { type Atom, type Choice, type Lexeme, PatternRefusal } from "./types.ts";

const encoder = new TextEncoder();

/** Throws PatternRefusal. */
export function lex(text: string): readonly Lexeme[] {
  const cursor = { text, at: 0 };
  const lexemes = lexSequence(cursor, 0);
  if (cursor.at < text.length) throw unbalanced(cursor.at, text[cursor.at] as string);
  return lexemes;
}

/** Up to the end, or within braces up to `,` or `}`. */
function lexSequence(cursor: Cursor, depth: number): Lexeme[] {
  const lexemes: Lexeme[] = [];
  while (cursor.at < cursor.text.length) {
    const sign = cursor.text[cursor.at] as string;
    if (sign === "}" || (sign === "," && depth > 0)) break;
    if (sign === "{") lexemes.push(lexChoice(cursor, depth + 1));
    else if (sign === "[") lexemes.push(lexClass(cursor));
    else if (sign === "]") throw unbalanced(cursor.at, sign);
    else if (sign === "*") lexemes.push(lexStars(cursor));
    else if (sign === "?")
      lexemes.push({ kind: "set", members: anyButSlash, offset: cursor.at++, text: "?" });
    else lexemes.push(...lexCharacter(cursor));
  }
  return lexemes;
}

function lexChoice(cursor: Cursor, depth: number): Choice {
  const offset = cursor.at;
  if (depth > PATTERN_NESTING_MAX) {
    throw new PatternRefusal(
      "pattern-too-deep",
      offset,
      `braces are nested deeper than ${PATTERN_NESTING_MAX} levels`,
    );
  }
  const alternatives: Lexeme[][] = [];
  do {
    cursor.at++;
    alternatives.push(lexSequence(cursor, depth));
  } while (cursor.text[cursor.at] === ",");
  if (cursor.text[cursor.at] !== "}") throw unbalanced(offset, "{");
  cursor.at++;
  if (alternatives.length < 2) {
    throw new PatternRefusal(
      "pattern-empty-alternative",
      offset,
      "braces need two alternatives or more, as in `{a,b}`",
    );
  }
  if (alternatives.filter((alternative) => alternative.length === 0).length > 1) {
    throw new PatternRefusal(
      "pattern-empty-alternative",
      offset,
      "braces may have one empty alternative, not more",
    );
  }
  return { kind: "choice", offset, alternatives };
}

function lexStars(cursor: Cursor): Atom {
  const offset = cursor.at;
  while (cursor.text[cursor.at] === "*") cursor.at++;
  const text = cursor.text.slice(offset, cursor.at);
  if (text.length > 2) {
    throw new PatternRefusal(
      "pattern-stars",
      offset,
      "more than two stars in a row mean nothing; write `*` or `**`",
    );
  }
  return { kind: text === "*" ? "star" : "globstar", offset, text };
}

function lexCharacter(cursor: Cursor): Atom[] {
  const offset = cursor.at;
  const byte = takeByteEscape(cursor);
  if (byte !== null)
    return [{ kind: "byte", byte, offset, text: cursor.text.slice(offset, cursor.at) }];
  const character = takeCharacter(cursor);
  const text = cursor.text.slice(offset, cursor.at);
  const code = character.charCodeAt(0);
  // Nearly every character is ASCII: an encoder costs more than the byte.
  if (code < 0x80) return [{ kind: "byte", byte: code, offset, text }];
  return [...encoder.encode(character)].map((byte, index) => ({
    kind: "byte",
    byte,
    offset,
    text: index === 0 ? text : "",
  }));
}
