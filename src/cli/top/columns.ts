import type { FrameRow } from "./frame.ts";

/**
 * A column of the screen. Widths are in characters; the name's column gets what the others leave.
 */
export interface Column {
  readonly title: string;
  readonly width: number;
  /** The key that sorts by it; null if no key does. */
  readonly key: string | null;
  readonly meaning: string;
  readonly text: (row: FrameRow) => string;
  /** Rows with a greater weight come first; a text is compared as text. */
  readonly weight: (row: FrameRow) => number;
}

/** Comes before the columns of numbers. */
export const NAME_WIDTH_MIN = 12;

const missing = Number.NEGATIVE_INFINITY;

export const number: Column = {
  title: "NUM",
  width: 5,
  key: "n",
  meaning: "number of the domain; - where it has none",
  text: ({ number }) => String(number ?? "-"),
  weight: ({ number }) => -(number ?? Number.POSITIVE_INFINITY),
};

export const figures: readonly Column[] = [
  {
    title: "PROC",
    width: 5,
    key: "p",
    meaning: "processes in it",
    text: ({ processes }) => short(processes, 5),
    weight: ({ processes }) => processes,
  },
  {
    title: "%CPU",
    width: 6,
    key: "c",
    meaning: "CPU time, per cent of one processor",
    text: ({ cpuPercent }) => cpuPercent.toFixed(1),
    weight: ({ cpuPercent }) => cpuPercent,
  },
  {
    title: "RES",
    width: 6,
    key: "m",
    meaning: "memory; shared pages count for each process",
    text: ({ resident }) => bytes(resident),
    weight: ({ resident }) => resident,
  },
  {
    title: "FDS",
    width: 6,
    key: "f",
    meaning: "open descriptors",
    text: ({ descriptors }) => (descriptors === null ? "-" : short(descriptors, 6)),
    weight: ({ descriptors }) => descriptors ?? missing,
  },
  {
    title: "EV/S",
    width: 7,
    key: "e",
    meaning: "denials and warnings a second",
    text: ({ eventsPerSecond }) => (eventsPerSecond === null ? "-" : eventsPerSecond.toFixed(1)),
    weight: ({ eventsPerSecond }) => eventsPerSecond ?? missing,
  },
  {
    title: "TODAY",
    width: 7,
    key: "t",
    meaning: "denials and warnings of today",
    text: ({ events }) => (events === null ? "-" : short(events, 7)),
    weight: ({ events }) => events ?? missing,
  },
];

export const sortable: readonly Column[] = [number, ...figures];

const units = ["", "K", "M", "G", "T", "P"];

/** Three digits and a unit of 1,024: `512`, `1.2M`, `240G`. */
export function bytes(count: number): string {
  let value = count;
  let unit = 0;
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_024;
    unit += 1;
  }
  return `${unit === 0 || value >= 10 ? Math.round(value) : value.toFixed(1)}${units[unit]}`;
}

/** A count in at most `width` characters; a long one in thousands or millions. */
function short(count: number, width: number): string {
  const text = String(count);
  if (text.length <= width) return text;
  return count < 10_000_000 ? `${Math.round(count / 1_000)}k` : `${Math.round(count / 1_000_000)}M`;
}
