import { actingCharacters } from "../../base/printable.ts";
import { bytesOfName } from "../name-bytes.ts";

const escapedOneByOne = new RegExp(`${actingCharacters.source}|\\p{Surrogate}`, "gu");
const special = /[\\*?{}[\],\s#"'$]/;

/**
 * The pattern for a name and no other: itself, special characters escaped. What a policy cannot
 * hold (controls, characters that act on a reader, bytes that are no UTF-8) is written byte by byte.
 */
export function escapeName(name: string): string {
  let text = "";
  for (const character of name) {
    if (isUnwritable(character)) text += bytesEscaped(character);
    else if (character < "\x80" && special.test(character)) text += `\\${character}`;
    else text += character;
  }
  return text;
}

function isUnwritable(character: string): boolean {
  return character.search(escapedOneByOne) >= 0;
}

function bytesEscaped(character: string): string {
  return [...bytesOfName(character)]
    .map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`)
    .join("");
}
