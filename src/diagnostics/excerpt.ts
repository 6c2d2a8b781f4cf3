import { printable } from "../base/printable.ts";

/** Characters of a long line that are kept before the underlined part. */
const CONTEXT_BEFORE = 20;

/**
 * A source line, and carets under a part of it, both at most `width` columns. A long line is cut on
 * both sides of the part, with `...` for what is left out. Columns count characters: a wide
 * character takes more room than its caret.
 */
export function excerpt(
  text: string,
  { line, column, length }: { line: number; column: number; length: number },
  width: number,
): string[] {
  const gutter = `${line} | `.padStart(7);
  const room = Math.max(20, width - gutter.length);
  const cells = [...text].map((character) => [
    ...(character === "\t" ? " " : printable(character)),
  ]);
  const start = cells.slice(0, column - 1).flat().length;
  const marked = Math.max(1, cells.slice(column - 1, column - 1 + length).flat().length);
  const flat = cells.flat();
  const from =
    flat.length <= room ? 0 : Math.max(0, Math.min(start - CONTEXT_BEFORE, flat.length - room));
  const lead = from > 0 ? [..."..."] : [];
  const tail = from + room < flat.length ? [..."..."] : [];
  const shown = [...lead, ...flat.slice(from + lead.length, from + room - tail.length), ...tail];
  const indent = start - from;
  const carets = "^".repeat(Math.min(marked, Math.max(1, shown.length - indent)));
  return [
    gutter + shown.join("").trimEnd(),
    `${"| ".padStart(gutter.length)}${" ".repeat(indent)}${carets}`,
  ];
}
