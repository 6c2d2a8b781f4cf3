/** Breaks `text` at spaces into lines of at most `width` characters; a longer word gets a line of its own. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/).filter((part) => part !== "")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = "";
    }
    line = line === "" ? word : `${line} ${word}`;
  }
  return line === "" ? lines : [...lines, line];
}

/** Rows of fixed columns, the last of which is wrapped and kept in its column; `width` in characters for the whole. */
export function table(rows: readonly (readonly string[])[], width: number): string {
  const count = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: count - 1 }, (_, i) => Math.max(...rows.map((row) => (row[i] ?? "").length)));
  const indent = widths.reduce((sum, column) => sum + column + 2, 0);
  return rows.map((row) => tableRow(row, widths, indent, width)).join("");
}

/** Narrowest last column, in characters: below it wrapping would read worse than a long line. */
const LAST_COLUMN_MIN = 20;

function tableRow(row: readonly string[], widths: readonly number[], indent: number, width: number): string {
  const head = widths.map((column, i) => `${(row[i] ?? "").padEnd(column)}  `).join("");
  const lines = wrap(row[widths.length] ?? "", Math.max(width - indent, LAST_COLUMN_MIN));
  return `${[head + (lines[0] ?? ""), ...lines.slice(1).map((line) => " ".repeat(indent) + line)].map((line) => line.trimEnd()).join("\n")}\n`;
}
