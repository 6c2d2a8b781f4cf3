import { unprintable } from "../../base/printable.ts";
import { bytesOfName } from "../name-bytes.ts";

const special = /[\\*?{}[\],\s#"'$]/;

/**
 * The pattern for this name only: special characters are escaped. What a policy cannot hold
 * (controls, characters that act on a terminal, bytes that are no UTF-8) is written byte by byte.
 */
export function escapeName(name: string): string {
  let text = "";
  for (const character of name) {
    const isAscii = character < "\x80";
    // Every white space ends a word, also what looks like none.
    if (character.search(unprintable) >= 0 || (!isAscii && /\s/.test(character)))
      text += bytesEscaped(character);
    else if (isAscii && special.test(character)) text += `\\${character}`;
    else text += character;
  }
  return text;
}

function bytesEscaped(character: string): string {
  return [...bytesOfName(character)]
    .map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`)
    .join("");
}
