import { printable } from "../../base/printable.ts";
import { fitted } from "../terminal/lines.ts";
import type { Screen, Size } from "../terminal/terminal.ts";
import { bytes, type Column, figures, NAME_WIDTH_MIN, number, sortable } from "./columns.ts";
import type { Frame, FrameRow } from "./frame.ts";

export interface Choices {
  /** {@link Column.key} of the column that sorts. */
  readonly sort: string;
  readonly reversed: boolean;
  /** Hides domains without processes. */
  readonly runningOnly: boolean;
  /** Rows scrolled off at the top. */
  readonly above: number;
  /** Seconds. */
  readonly delay: number;
  readonly page: "domains" | "help";
  /** The characters of a new delay so far; null while none is being typed. */
  readonly typed: string | null;
}

/** Lines other than rows of domains: two of the host, a message, the titles, and the last one. */
const FRAME_LINES = 5;
const LEVEL_WIDTH = 9;
const GAP = 1;

export const firstChoices: Choices = {
  sort: "c",
  reversed: false,
  runningOnly: false,
  above: 0,
  delay: 5,
  page: "domains",
  typed: null,
};

export function rowsOn({ rows }: Size): number {
  return Math.max(0, rows - FRAME_LINES);
}

export function rowsOf(
  { domains }: Frame,
  { sort, reversed, runningOnly }: Choices,
): readonly FrameRow[] {
  const column = sortable.find(({ key }) => key === sort) ?? number;
  const sign = reversed ? -1 : 1;
  const shown = domains.filter(({ processes }) => !runningOnly || processes > 0);
  // Rows of equal weight stay in the order of their numbers.
  return [...shown].sort((a, b) => sign * compare(column.weight(b), column.weight(a)));
}

/** Equal infinities compare as equal. */
function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

export function drawScreen(
  frame: Frame,
  choices: Choices,
  message: string | null,
  size: Size,
): Screen {
  if (choices.page === "help") return { lines: fitted(helpLines, size), titles: null };
  const columns = fittingColumns(size.columns);
  const rows = rowsOf(frame, choices);
  const room = rowsOn(size);
  const above = Math.min(choices.above, Math.max(0, rows.length - room));
  const shown = rows.slice(above, above + room).map((row) => rowLine(row, columns, size.columns));
  const blank = Array.from({ length: room - shown.length }, () => "");
  const lines = [
    ...hostLines(frame),
    messageLine(frame, choices, message),
    titleLine(columns, choices, size.columns),
    ...shown,
    ...blank,
    lastLine(rows.length, above, shown.length, choices),
  ];
  return { lines: fitted(lines, size), titles: size.rows >= FRAME_LINES ? 3 : null };
}

function hostLines({ time, host, agent, events: counted, domains }: Frame): readonly string[] {
  const load = host.load.map((one) => one.toFixed(2)).join(" ");
  const clock = new Date(time).toTimeString().slice(0, 8);
  const used = `${bytes(host.memory - host.available)} of ${bytes(host.memory)}`;
  const inDomains = domains.filter(({ name }) => name !== "superDom" && name !== "unknown");
  const sum = (value: (row: FrameRow) => number) =>
    inDomains.reduce((total, row) => total + value(row), 0);
  const events = agent === null ? (counted ?? "unknown") : "unknown";
  const running = inDomains.filter(({ processes }) => processes > 0).length;
  return [
    `${clock}  ${printable(host.name)}  up ${duration(host.uptime)}, ${host.processors} ` +
      `CPUs, load ${load}, memory ${used}`,
    `domains: ${inDomains.length}, running: ${running}; processes: ` +
      `${sum(({ processes }) => processes)}; ` +
      `CPU ${sum(({ cpuPercent }) => cpuPercent).toFixed(1)} %; events today: ${events}`,
  ];
}

function duration(seconds: number): string {
  const days = Math.floor(seconds / 86_400);
  const clock = [Math.floor(seconds / 3_600) % 24, Math.floor(seconds / 60) % 60].map((one) =>
    String(one).padStart(2, "0"),
  );
  return `${days > 0 ? `${days}d ` : ""}${clock.join(":")}`;
}

function messageLine(
  { agent, interval }: Frame,
  { typed }: Choices,
  message: string | null,
): string {
  if (typed !== null) return `seconds between readings: ${typed}_`;
  if (message !== null) return printable(message);
  if (agent !== null)
    return `${printable(agent)}: domains in which nothing runs, and events, are not known`;
  return interval === 0 ? "rates come with the next reading" : "";
}

/** The columns that fit after number, name and level. */
function fittingColumns(width: number): readonly Column[] {
  const fitting: Column[] = [];
  let left = width - number.width - LEVEL_WIDTH - NAME_WIDTH_MIN - 2 * GAP;
  for (const column of figures) {
    left -= column.width + GAP;
    if (left < 0) break;
    fitting.push(column);
  }
  return fitting;
}

function nameWidth(columns: readonly Column[], width: number): number {
  const others = columns.reduce((sum, column) => sum + column.width + GAP, 0);
  return Math.max(NAME_WIDTH_MIN, width - number.width - LEVEL_WIDTH - 2 * GAP - others);
}

function rowLine(row: FrameRow, columns: readonly Column[], width: number): string {
  const space = nameWidth(columns, width);
  const name = printable(row.name);
  return [
    number.text(row).padStart(number.width),
    (name.length <= space ? name : `${name.slice(0, space - 1)}…`).padEnd(space),
    (row.level ?? "-").padEnd(LEVEL_WIDTH),
    ...columns.map((column) => column.text(row).padStart(column.width)),
  ].join(" ");
}

/** Marks the column that sorts. */
function titleLine(columns: readonly Column[], { sort }: Choices, width: number): string {
  const title = (column: Column) =>
    (column.key === sort ? `*${column.title}` : column.title).padStart(column.width);
  const line = [
    title(number),
    "DOMAIN".padEnd(nameWidth(columns, width)),
    "LEVEL".padEnd(LEVEL_WIDTH),
    ...columns.map(title),
  ];
  return line.join(" ").padEnd(width);
}

function lastLine(count: number, above: number, shown: number, choices: Choices): string {
  const rows = shown === 0 ? "no domain" : `${above + 1}-${above + shown} of ${count}`;
  const running = choices.runningOnly ? ", only with processes" : "";
  return `${rows}${running}; every ${choices.delay} s; h: help, q: quit`;
}

const helpLines: readonly string[] = [
  "cofferdam top: what the domains of this host use",
  "",
  ...sortable.map(({ key, title, meaning }) => `  ${key}   sort by ${title.padEnd(6)} ${meaning}`),
  "      the same key again reverses the order",
  "",
  "  a   all domains, or only those with processes",
  "  d   seconds between readings",
  "  up, down, page up, page down, home: move",
  "  space: read now    h: this page    q: quit",
  "",
  "LEVEL is in force for new starts. superDom has the processes outside all domains.",
  "%CPU includes processes that have ended.",
  "",
  "any key: back",
];
