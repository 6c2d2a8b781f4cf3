/**
 * Rows in columns as wide as their widest cell, two spaces apart; `right`: the columns of numbers.
 */
export function columns(
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
): string {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, at) =>
    Math.max(...rows.map((row) => (row[at] ?? "").length)),
  );
  const lines = rows.map((row) =>
    row
      .map((cell, at) =>
        right.includes(at) ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0),
      )
      .join("  "),
  );
  return lines.map((line) => `${line.trimEnd()}\n`).join("");
}
