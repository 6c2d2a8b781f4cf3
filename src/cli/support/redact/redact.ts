/**
 * Takes secrets out of what leaves the host in a bundle. It cannot know every secret; where it is in doubt it takes out. docs/support.md says what counts as one.
 * Every step takes time linear in the length of its line, and lines have an end: texts are written by others, hostile ones among them.
 */
import { redactArguments } from "./arguments.ts";
import { redactBlocks } from "./blocks.ts";
import { REDACTED } from "./marker.ts";
import { isSecretName } from "./names.ts";
import { redactKeys, redactShapes, redactUrls } from "./shapes.ts";
import { redactValues } from "./values.ts";

/** Longest line of a text that is looked through, characters; what is behind is left out, and said to be. */
const LINE_LENGTH_MAX = 65_536;

/** A file as one text: private keys and values may go over several lines. */
export function redactText(text: string): string {
  return redactBlocks(redactKeys(text).split("\n")).map(redactLine).join("\n");
}

/** Lines that have nothing to do with one another: what one of them begins does not hide the others. */
export function redactLines(text: string): string {
  return text
    .split("\n")
    .map((line) => redactLine(redactKeys(line)))
    .join("\n");
}

/** All texts in a JSON value; where a member's name says that it is secret, all of the member. */
export function redactJson(value: unknown): unknown {
  if (typeof value === "string") return redactText(value);
  if (Array.isArray(value)) return value.map(redactJson);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, isSecretName(name) ? REDACTED : redactJson(member)]),
  );
}

export function countRedactions(text: string): number {
  return text.split(REDACTED).length - 1;
}

function redactLine(line: string): string {
  const cut = line.length > LINE_LENGTH_MAX ? `${line.slice(0, LINE_LENGTH_MAX)} [cut]` : line;
  return redactArguments(redactValues(redactShapes(redactUrls(cut))));
}
