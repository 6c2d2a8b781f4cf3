/**
 * Takes secrets out of what leaves the host in a bundle. It cannot know every secret; where it is
 * in doubt it takes out. docs/support.md says what counts as one. Every step takes time linear in
 * the length of its line, and lines have an end: texts are written by others, hostile ones among
 * them.
 */
import { redactArguments } from "./arguments.ts";
import { redactBlocks } from "./blocks.ts";
import { REDACTED } from "./marker.ts";
import { isSecretName } from "./names.ts";
import { redactKeys, redactShapes, redactUrls } from "./shapes.ts";
import { redactValues } from "./values.ts";

/**
 * Longest line of a text that is looked through, characters; what is behind is left out, and said
 * to be.
 */
const LINE_LENGTH_MAX = 65_536;
/** Texts of records of which is remembered what became of them. */
const REMEMBERED_MAX = 4_096;

/** A file as one text: private keys and values may go over several lines. */
export function redactText(text: string): string {
  return redactBlocks(redactKeys(text).split("\n")).map(redactLine).join("\n");
}

/**
 * Lines that have nothing to do with one another: what one of them begins does not hide the others.
 */
export function redactLines(text: string): string {
  return text
    .split("\n")
    .map((line) => redactLine(redactKeys(line)))
    .join("\n");
}

/**
 * All texts in a JSON value; where a member's name says that it is secret, all of the member.
 * `text`: how one of them is done.
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

/** {@link redactText} for records, in which most texts come again and again. */
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
