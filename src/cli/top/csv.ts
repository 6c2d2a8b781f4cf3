import { printable } from "../../base/printable.ts";
import type { Frame, FrameRow } from "./frame.ts";

/** The first cell, by which readers of performance data recognise the format. Times are in UTC. */
const FORM = "(PDH-CSV 4.0) (UTC)(0)";

interface Counter {
  readonly title: string;
  readonly value: (row: FrameRow) => number | null;
  readonly digits: number;
}

const counters: readonly Counter[] = [
  { title: "% CPU", value: ({ cpuPercent }) => cpuPercent, digits: 2 },
  { title: "Resident Bytes", value: ({ resident }) => resident, digits: 0 },
  { title: "Processes", value: ({ processes }) => processes, digits: 0 },
  { title: "Descriptors", value: ({ descriptors }) => descriptors, digits: 0 },
  { title: "Events/sec", value: ({ eventsPerSecond }) => eventsPerSecond, digits: 2 },
  { title: "Events Today", value: ({ events }) => events, digits: 0 },
];

/**
 * Batch output as `esxtop -b` has it: a line of column names, then one line per frame, every cell
 * in quotes. The columns are those of the first frame.
 */
export class CsvTable {
  readonly #keys: readonly string[];
  readonly head: string;

  constructor({ host, domains }: Frame) {
    this.#keys = domains.map(keyOf);
    const titles = this.#keys.flatMap((key) =>
      counters.map(({ title }) => `\\\\${host.name}\\Domain(${key})\\${title}`),
    );
    this.head = line([FORM, ...titles]);
  }

  /** `strangers`: domains that came later and therefore have no column. */
  row({ time, domains }: Frame): { readonly text: string; readonly strangers: readonly string[] } {
    const rows = new Map(domains.map((row) => [keyOf(row), row]));
    const cells = this.#keys.flatMap((key) => {
      const row = rows.get(key);
      return counters.map(({ value, digits }) =>
        row === undefined ? "0" : (value(row)?.toFixed(digits) ?? ""),
      );
    });
    const strangers = [...rows.keys()].filter((key) => !this.#keys.includes(key));
    return { text: line([utc(time), ...cells]), strangers };
  }
}

/** ESXi's form, `49:nginx`; `-` for a domain without a number. */
function keyOf({ number, name }: FrameRow): string {
  return `${number ?? "-"}:${printable(name)}`;
}

function line(cells: readonly string[]): string {
  return `${cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(",")}\n`;
}

/** `01/31/2026 16:00:59` */
function utc(time: string): string {
  const [day = "", clock = ""] = time.split("T");
  const [year, month, date] = day.split("-");
  return `${month}/${date}/${year} ${clock.slice(0, 8)}`;
}
