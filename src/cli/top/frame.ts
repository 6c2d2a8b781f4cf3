import type { DomainReading, Reading } from "../../sessions/view/reading.ts";

/** One domain in a frame: its figures at the end of an interval, and its rates over it. */
export interface FrameRow extends Omit<DomainReading, "cpu"> {
  /** Per cent of one processor. */
  readonly cpuPercent: number;
  /** Denials and warnings per second; null if nothing counts them. */
  readonly eventsPerSecond: number | null;
}

export interface Frame extends Omit<Reading, "seconds" | "meter" | "domains"> {
  /** Seconds between the two readings; 0 without an earlier one. */
  readonly interval: number;
  readonly domains: readonly FrameRow[];
}

/** Rates between two readings. None without `before`, or if it is of another meter. */
export function frameOf(before: Reading | null, now: Reading): Frame {
  const { time, host, agent, events, domains, meter, seconds } = now;
  const base = before?.meter === meter ? before : null;
  const interval = base === null ? 0 : seconds - base.seconds;
  const earlier = new Map(base?.domains.map((one) => [keyOf(one), one]));
  const rows = domains.map((one) =>
    rowOf(one, base === null ? one : (earlier.get(keyOf(one)) ?? null), interval),
  );
  return { time, interval, host, agent, events: events ?? null, domains: rows };
}

function rowOf(
  { cpu, ...row }: DomainReading,
  before: DomainReading | null,
  interval: number,
): FrameRow {
  const used = cpu - (before?.cpu ?? 0);
  return {
    ...row,
    cpuPercent: interval > 0 ? (used / (interval * 1_000_000)) * 100 : 0,
    eventsPerSecond: eventRate(row.events, before?.events ?? 0, interval),
  };
}

/** The count restarts each day. */
function eventRate(events: number | null, before: number, interval: number): number | null {
  if (events === null) return null;
  return interval > 0 ? (events >= before ? events - before : events) / interval : 0;
}

/** Names of domains contain no space. */
function keyOf({ name, number }: DomainReading): string {
  return `${number ?? "-"} ${name}`;
}
