/**
 * The narrowest pattern for a name: itself, special characters escaped. What a pattern cannot write
 * (control characters, bytes that are no UTF-8) becomes `?`, one for each byte.
 */
export function escapeName(name: string): string {
  let text = "";
  for (const character of name) {
    const code = character.codePointAt(0) as number;
    if (code < 0x20 || code === 0x7f || (code >= 0xdc80 && code <= 0xdcff)) text += "?";
    else if (code >= 0xd800 && code <= 0xdfff) text += "???";
    else if (/[\\*?{}[\],\s#"'$]/.test(character) && code < 0x80) text += `\\${character}`;
    else text += character;
  }
  return text;
}
