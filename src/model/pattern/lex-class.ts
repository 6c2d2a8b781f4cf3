import { complement, SLASH } from "./byte-set.ts";
import { type Cursor, takeByteEscape, takeCharacter, unbalanced } from "./cursor.ts";
import { type Atom, PatternRefusal } from "./types.ts";

/**
 * `[a-z_]` or `[!a-z_]`, the cursor on the bracket. Only ASCII characters, because a name's bytes
 * need not be UTF-8.
 */
export function lexClass(cursor: Cursor): Atom {
  const offset = cursor.at++;
  const negated = cursor.text[cursor.at] === "!";
  if (negated) cursor.at++;
  if (cursor.text[cursor.at] === "^")
    throw refusal(cursor.at, "a class is negated by `[!`, and a plain `^` is `\\^`");
  const members = new Uint8Array(256);
  const first = cursor.at;
  while (cursor.text[cursor.at] !== "]") {
    if (cursor.at >= cursor.text.length) throw unbalanced(offset, "[");
    addRange(cursor, members);
  }
  if (cursor.at === first)
    throw refusal(offset, "an empty class matches nothing; write `\\]` for the bracket itself");
  cursor.at++;
  return {
    kind: "set",
    members: negated ? complement(members) : members,
    offset,
    text: cursor.text.slice(offset, cursor.at),
  };
}

function addRange(cursor: Cursor, members: Uint8Array): void {
  const offset = cursor.at;
  const low = takeByte(cursor);
  const isRange = cursor.text[cursor.at] === "-" && cursor.text[cursor.at + 1] !== "]";
  if (isRange) cursor.at++;
  if (cursor.at >= cursor.text.length) return;
  const high = isRange ? takeByte(cursor) : low;
  if (high < low)
    throw refusal(offset, `the range \`${cursor.text.slice(offset, cursor.at)}\` runs backwards`);
  if (low <= SLASH && SLASH <= high)
    throw refusal(offset, "a class never matches `/`, so it cannot contain it");
  members.fill(1, low, high + 1);
}

function takeByte(cursor: Cursor): number {
  const offset = cursor.at;
  const byte = takeByteEscape(cursor);
  if (byte !== null) return byte;
  const character = takeCharacter(cursor);
  const code = character.codePointAt(0) as number;
  if (code > 0x7e)
    throw refusal(
      offset,
      `\`${character}\` is not ASCII; write \`{a,b}\` for a choice of such characters`,
    );
  return code;
}

function refusal(offset: number, message: string): PatternRefusal {
  return new PatternRefusal("pattern-class", offset, message);
}
