import { actingCharacters } from "../../base/printable.ts";
import { diagnose } from "../../diagnostics/diagnose.ts";
import { type Report, startOf } from "../../diagnostics/diagnostic.ts";
import { Positions } from "./positions.ts";

const invisible = new RegExp(`(?![\\t\\n\\r])${actingCharacters.source}`, "u");

/**
 * Accepts UTF-8 without byte order mark, lines ended by a newline, and no invisible characters.
 * Reports anything else and returns null.
 */
export function decode(file: string, bytes: Uint8Array, report: Report): string | null {
  const wrong = firstWrongByte(bytes);
  if (wrong !== null) {
    report(diagnose("not-utf8", startOf(file), { offset: wrong }));
    return null;
  }
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  if (text.startsWith("\ufeff")) {
    report(diagnose("byte-order-mark", startOf(file), {}));
    return null;
  }
  const positions = new Positions(file, text);
  const carriageReturn = text.indexOf("\r");
  if (carriageReturn >= 0) {
    report(diagnose("carriage-return", positions.span(carriageReturn, carriageReturn + 1), {}));
    return null;
  }
  const found = invisible.exec(text);
  if (found !== null) {
    const code = (found[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
    report(diagnose("control-character", positions.span(found.index, found.index + 1), { code }));
    return null;
  }
  return text;
}

/** null if all bytes are UTF-8. Bisects over the valid prefixes. */
function firstWrongByte(bytes: Uint8Array): number | null {
  if (isUtf8Prefix(bytes, false)) return null;
  let good = 0;
  let bad = bytes.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (isUtf8Prefix(bytes.subarray(0, middle), true)) good = middle;
    else bad = middle;
  }
  return good;
}

function isUtf8Prefix(bytes: Uint8Array, more: boolean): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes, { stream: more });
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}
