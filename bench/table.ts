/** One row: what was measured, a figure a setting, and the budget it has to meet. */
export interface Row {
  readonly what: string;
  readonly figures: Readonly<Record<string, number | null>>;
  readonly unit: string;
  readonly note: string;
}

/** Aligned columns, one table a section; null is "not measured here". */
export function renderTable(title: string, rows: readonly Row[]): string {
  const settings = [...new Set(rows.flatMap((row) => Object.keys(row.figures)))];
  const header = ["", ...settings, ""];
  const body = rows.map((row) => [
    `${row.what} (${row.unit})`,
    ...settings.map((setting) => format(row.figures[setting] ?? null)),
    row.note,
  ]);
  const widths = header.map((_, i) => Math.max(...[header, ...body].map((cells) => cells[i]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) =>
        i === 0 || i === cells.length - 1 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0),
      )
      .join("  ")
      .trimEnd();
  return [title, line(header), ...body.map(line), ""].join("\n");
}

function format(value: number | null): string {
  if (value === null) return "-";
  return value >= 100 ? Math.round(value).toString() : value.toPrecision(3);
}

/** `1.03 x bare, budget 1.05: met`; the verdict is for people, no test hangs on it. */
export function verdict(ratio: number, name: string, budget: number, atLeast = false): string {
  const met = atLeast ? ratio >= budget : ratio <= budget;
  return `${ratio.toFixed(2)} x ${name}, budget ${atLeast ? ">= " : ""}${budget}: ${met ? "met" : "MISSED"}`;
}
