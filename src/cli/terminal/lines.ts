import { wrap } from "../../base/wrap.ts";
import type { Size } from "./terminal.ts";

/** A line that is too long ends in `…`. */
export function fitted(lines: readonly string[], { columns, rows }: Size): readonly string[] {
  return lines
    .slice(0, rows)
    .map((line) => (line.length <= columns ? line : `${line.slice(0, columns - 1)}…`));
}

/** East Asian Wide and Fullwidth (UAX 11), and pictures: a terminal gives each two columns. */
const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f000}-\u{3fffd}]/u;

/** Columns that a terminal needs at most. */
function columnsOf(character: string): number {
  return wide.test(character) ? 2 : 1;
}

/**
 * Breaks text at spaces, and words that are longer than a line anywhere: nothing of a hostile name
 * may be out of sight. All lines but the first begin with `indent`.
 */
export function folded(text: string, columns: number, indent: string): readonly string[] {
  const room = Math.max(columns, 2);
  const inset = indent.length < room / 2 ? indent : "";
  return wrap(text, room, inset)
    .split("\n")
    .flatMap((line) => cut(line, room, inset));
}

function cut(line: string, room: number, indent: string): readonly string[] {
  const lines: string[] = [];
  let now = "";
  let used = 0;
  for (const character of line) {
    const width = columnsOf(character);
    if (used + width > room) {
      lines.push(now);
      now = indent;
      used = indent.length;
    }
    now += character;
    used += width;
  }
  return [...lines, now];
}
