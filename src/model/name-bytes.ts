/**
 * File names are bytes, strings are not. Names that are UTF-8 map to their text; every other byte
 * becomes a lone surrogate U+DC80..U+DCFF, so that both directions are total and one name never
 * turns into another.
 */
const escapedByte = /[\udc80-\udcff]/u;
const encoder = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A lone surrogate outside U+DC80..U+DCFF stands for no byte and becomes U+FFFD. */
export function bytesOfName(name: string): Uint8Array {
  const plain = asciiBytes(name);
  if (plain !== null) return plain;
  if (!escapedByte.test(name)) return encoder.encode(name);
  const bytes: number[] = [];
  for (const character of name) {
    const code = character.codePointAt(0) as number;
    if (code >= 0xdc80 && code <= 0xdcff) bytes.push(code - 0xdc00);
    else bytes.push(...encoder.encode(character));
  }
  return Uint8Array.from(bytes);
}

/** Nearly every name is ASCII, and short: an encoder costs more than the bytes. */
function asciiBytes(name: string): Uint8Array | null {
  const bytes = new Uint8Array(name.length);
  for (let at = 0; at < name.length; at++) {
    const code = name.charCodeAt(at);
    if (code >= 0x80) return null;
    bytes[at] = code;
  }
  return bytes;
}

/** `bytesOfName` gives the same bytes back. */
export function nameOfBytes(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return escapeInvalid(bytes);
  }
}

function escapeInvalid(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; ) {
    const length = validLength(bytes, at);
    if (length === 0) text += String.fromCharCode(0xdc00 + (bytes[at] as number));
    else text += strict.decode(bytes.subarray(at, at + length));
    at += Math.max(length, 1);
  }
  return text;
}

/** 0 if there is no valid UTF-8 character at `at`. */
function validLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] as number;
  if (lead < 0x80) return 1;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || at + length > bytes.length) return 0;
  try {
    strict.decode(bytes.subarray(at, at + length));
    return length;
  } catch {
    return 0;
  }
}
