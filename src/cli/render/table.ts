import { wrap } from "../../base/wrap.ts";

/**
 * Rows of fixed columns. The last column is wrapped within itself; `width`: characters for the
 * whole.
 */
export function table(rows: readonly (readonly string[])[], width: number): string {
  const count = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: count - 1 }, (_, i) =>
    Math.max(...rows.map((row) => (row[i] ?? "").length)),
  );
  const indent = " ".repeat(widths.reduce((sum, column) => sum + column + 2, 0));
  return rows.map((row) => `${tableRow(row, widths, indent, width)}\n`).join("");
}

function tableRow(
  row: readonly string[],
  widths: readonly number[],
  indent: string,
  width: number,
): string {
  const head = widths.map((column, i) => `${(row[i] ?? "").padEnd(column)}  `).join("");
  // Wraps only the last column: spaces in the others must not break.
  const last = wrap(indent + (row[widths.length] ?? ""), width, indent);
  return (head + last.slice(indent.length)).trimEnd();
}
