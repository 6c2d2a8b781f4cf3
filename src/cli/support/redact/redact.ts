/**
 * Takes secrets out of what leaves the host in a bundle. It cannot recognise every secret; in doubt
 * it takes text out. docs/support.md says what counts. Texts may come from an attacker, so every
 * step takes time linear in the length of its line, and the length is limited.
 */
import { redactArguments } from "./arguments.ts";
import { redactBlocks } from "./blocks.ts";
import { REDACTED } from "./marker.ts";
import { isSecretName } from "./names.ts";
import { redactKeys, redactShapes, redactUrls } from "./shapes.ts";
import { redactValues } from "./values.ts";

/** Longest line that is searched, characters; the rest is left out, and a note says so. */
const LINE_LENGTH_MAX = 65_536;
/** Texts of records whose result is kept. */
const REMEMBERED_MAX = 4_096;

/** A file as one text, because private keys and values may span lines. */
export function redactText(text: string): string {
  return redactBlocks(redactKeys(text).split("\n")).map(redactLine).join("\n");
}

/** Independent lines: one that begins a secret does not hide the others. */
export function redactLines(text: string): string {
  return text
    .split("\n")
    .map((line) => redactLine(redactKeys(line)))
    .join("\n");
}

/**
 * All texts in a JSON value, by `text`. A member whose name says that it is secret is taken out
 * whole.
 */
export function redactJson(value: unknown, text: (text: string) => string = redactText): unknown {
  if (typeof value === "string") return text(value);
  if (Array.isArray(value)) return value.map((one) => redactJson(one, text));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      isSecretName(name) ? REDACTED : redactJson(member, text),
    ]),
  );
}

/** {@link redactText} for records, which repeat most texts. */
export function rememberingRedaction(): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    if (known.size >= REMEMBERED_MAX) known.clear();
    const redacted = redactText(text);
    known.set(text, redacted);
    return redacted;
  };
}

export function countRedactions(text: string): number {
  return text.split(REDACTED).length - 1;
}

function redactLine(line: string): string {
  const cut = line.length > LINE_LENGTH_MAX ? `${line.slice(0, LINE_LENGTH_MAX)} [cut]` : line;
  return redactArguments(redactValues(redactShapes(redactUrls(cut))));
}
