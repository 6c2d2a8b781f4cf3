import { isMap, isScalar, isSeq, type Pair, parseDocument, stringify, type YAMLSeq } from "yaml";
import type { KeyName } from "./language.ts";

/** A line of a section, as it is written there. */
export interface AddedLine {
  readonly section: KeyName;
  readonly line: string;
}

/** Text to put in at an offset. */
interface Edit {
  readonly at: number;
  readonly text: string;
}

const INDENT = "  ";

/**
 * A policy's text with these lines at the end of their sections. What was there stays as it is:
 * comments, order, quotes, indentation. The text must be a policy that `parsePolicy` accepts.
 */
export function addLines(text: string, added: readonly AddedLine[]): string {
  const ending = text.includes("\r\n") ? "\r\n" : "\n";
  const document = parseDocument(text, { schema: "failsafe" });
  const pairs = isMap(document.contents) ? (document.contents.items as Pair[]) : [];
  const sections = [...new Set(added.map(({ section }) => section))];
  const pairOf = (section: KeyName) =>
    pairs.find(({ key }) => isScalar(key) && key.value === section);
  // The last section may end where new ones begin: its lines come before them.
  const ordered = sections.toSorted((a, b) => Number(!pairOf(a)) - Number(!pairOf(b)));
  const edits = ordered.map((section) => {
    const lines = added.filter((one) => one.section === section).map(({ line }) => line);
    const pair = pairOf(section);
    if (pair !== undefined) return longerSection(text, pair, lines);
    const isJson = isMap(document.contents) && document.contents.flow === true;
    return isJson
      ? newMember(text, document.contents, section, lines)
      : newSection(text, section, lines);
  });
  // From the end, so that other places stay true; of two at one place the later section first.
  return edits
    .toReversed()
    .toSorted((a, b) => b.at - a.at)
    .reduce((whole, edit) => apply(whole, edit, ending), text);
}

function apply(text: string, { at, text: added }: Edit, ending: string): string {
  return text.slice(0, at) + added.replaceAll("\n", ending) + text.slice(at);
}

function newSection(text: string, section: KeyName, lines: readonly string[]): Edit {
  const begin = text === "" || text.endsWith("\n") ? "" : "\n";
  return { at: text.length, text: `${begin}${section}:\n${blockItems(lines, INDENT)}` };
}

/** The policy is written in braces, like JSON. */
function newMember(
  text: string,
  braces: unknown,
  section: KeyName,
  lines: readonly string[],
): Edit {
  const before = text.slice(0, endOf(braces) - 1).trimEnd();
  const items = lines.map(quoted).join(", ");
  return { at: before.length, text: `${separator(before, "{")}${quoted(section)}: [${items}]` };
}

function separator(before: string, opening: string): string {
  if (before.endsWith(opening)) return "";
  return before.endsWith(",") ? " " : ", ";
}

function longerSection(text: string, { key, value }: Pair, lines: readonly string[]): Edit {
  if (isSeq(value) && value.items.length > 0)
    return value.flow === true ? inBrackets(text, value, lines) : behindItems(text, value, lines);
  if (isSeq(value) && value.flow === true) return inBrackets(text, value, lines);
  // `files:` without an item.
  const at = endOfLine(text, endOf(isScalar(value) && value.range ? value : key));
  return { at, text: `${newLineBefore(text, at)}${blockItems(lines, INDENT)}` };
}

function inBrackets(text: string, list: YAMLSeq, lines: readonly string[]): Edit {
  const words = lines.map((line) => (/^[\w@./ -]+$/.test(line) ? plain(line) : quoted(line)));
  const last = list.items.at(-1);
  // Behind the item itself: a comment may stand between it and the bracket.
  if (last !== undefined) return { at: endOf(last), text: `, ${words.join(", ")}` };
  const before = text.slice(0, startOf(list) + 1);
  return { at: before.length, text: words.join(", ") };
}

/** `@` begins no plain scalar of YAML. */
function plain(line: string): string {
  return line.startsWith("@") || line.startsWith("-") ? quoted(line) : line;
}

function quoted(line: string): string {
  return JSON.stringify(line);
}

function behindItems(text: string, list: YAMLSeq, lines: readonly string[]): Edit {
  const last = list.items.at(-1);
  const at = endOfLine(text, endOf(last));
  const begin = text.lastIndexOf("\n", startOf(list.items[0]) - 1) + 1;
  const indent = /^[ ]*/.exec(text.slice(begin))?.[0] ?? INDENT;
  return { at, text: `${newLineBefore(text, at)}${blockItems(lines, indent)}` };
}

function blockItems(lines: readonly string[], indent: string): string {
  return lines.map((line) => `${indent}- ${writtenItem(line)}\n`).join("");
}

/** A line as an item of a list holds it, quoted if YAML asks for that. */
export function writtenItem(line: string): string {
  return stringify(line, { lineWidth: 0, blockQuote: false }).trimEnd();
}

/** Behind the line's end; the end of a text whose last line has none. */
function endOfLine(text: string, from: number): number {
  // A block scalar (`- |`) ends behind its last line.
  if (from > 0 && text[from - 1] === "\n") return from;
  const at = text.indexOf("\n", from);
  return at < 0 ? text.length : at + 1;
}

function newLineBefore(text: string, at: number): string {
  return at === 0 || text[at - 1] === "\n" ? "" : "\n";
}

/** Of a node's own text, without what follows it. */
function endOf(node: unknown): number {
  return rangeOf(node)[1];
}

function startOf(node: unknown): number {
  return rangeOf(node)[0];
}

function rangeOf(node: unknown): readonly [number, number, number] {
  const { range } = node as { readonly range?: [number, number, number] | null };
  if (!range) throw new RangeError("a node of a parsed text has a place in it");
  return range;
}
