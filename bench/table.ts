/** One row: what was measured, a figure a setting, and the budget it has to meet. */
export interface Row {
  readonly what: string;
  readonly figures: Readonly<Record<string, number | null>>;
  readonly unit: string;
  readonly note: string;
}

/** Columns of a terminal. */
const WIDTH = 80;

/**
 * Aligned columns, one table a section; null is "not measured here". Notes stand beside the figures
 * where they fit, else below.
 */
export function renderTable(title: string, rows: readonly Row[]): string {
  const settings = [...new Set(rows.flatMap((row) => Object.keys(row.figures)))];
  const header = ["", ...settings];
  const body = rows.map((row) => [
    `${row.what} (${row.unit})`,
    ...settings.map((setting) => format(row.figures[setting] ?? null)),
  ]);
  const widths = header.map((_, i) =>
    Math.max(...[header, ...body].map((cells) => cells[i]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join("  ");
  const wide = line(header).length + 2 + Math.max(...rows.map(({ note }) => note.length));
  const text = body.flatMap((cells, i) => {
    const note = rows[i]?.note ?? "";
    if (note === "") return [line(cells)];
    return wide <= WIDTH
      ? [`${line(cells)}  ${note}`]
      : [line(cells), ...note.split("; ").map((part) => `  ${part}`)];
  });
  return [title, line(header), ...text, ""].map((one) => one.trimEnd()).join("\n");
}

function format(value: number | null): string {
  if (value === null) return "-";
  return value >= 100 ? Math.round(value).toString() : value.toPrecision(3);
}

/** `1.03 x bare, budget 1.05: met`; the verdict is for people, no test hangs on it. */
export function verdict(ratio: number, name: string, budget: number, atLeast = false): string {
  const met = atLeast ? ratio >= budget : ratio <= budget;
  return (
    `${ratio.toFixed(2)} x ${name}, budget ${atLeast ? ">= " : ""}${budget}: ` +
    `${met ? "met" : "MISSED"}`
  );
}

/** In the place of rows that only root can have. */
export function rootOnly(what: string, unit: string): Row {
  return { what, unit, figures: {}, note: "measured as root only" };
}
