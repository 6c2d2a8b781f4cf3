import type { Level, Mediation } from "../model/policy.ts";

/**
 * What the holder wrote about a run at its birth: the text of the symbolic link `runs/PID`, words
 * with a space between.
 */
export interface RunRecord {
  readonly domain: string;
  /** Null where the domain had none. */
  readonly number: number | null;
  readonly mode: Mediation;
  /** At the start. */
  readonly level: Level;
  /**
   * Start times are field 22 of `/proc/PID/stat`, in clock ticks since boot: they distinguish a
   * reused process id from the old one.
   */
  readonly start: bigint;
  readonly holder: number;
  readonly holderStart: bigint;
  /** Level and policy follow the host's table; false for `run --level` and for ordinary users. */
  readonly live: boolean;
}

/**
 * A name without control characters: users write records, too, and root lists them on a terminal.
 */
const form = new RegExp(
  [
    /^(?<domain>[A-Za-z0-9][\w.@-]*) (?<number>\d{1,5}) (?<mode>sealed|supervised) /,
    /(?<level>enforcing|warning|disabled) (?<start>\d{1,20}) /,
    /(?<holder>\d{1,10}) (?<holderStart>\d{1,20})(?: (?<live>live|fixed))?$/,
  ]
    .map(({ source }) => source)
    .join(""),
);

/** Null for whatever no holder wrote. */
export function parseRunRecord(text: string): RunRecord | null {
  const words = form.exec(text)?.groups;
  if (words === undefined) return null;
  const { domain = "", number, mode, level, start = "", holder, holderStart = "", live } = words;
  return {
    domain,
    number: Number(number) || null,
    mode: mode === "sealed" ? "sealed" : "supervised",
    level: level === "warning" || level === "disabled" ? level : "enforcing",
    start: BigInt(start),
    holder: Number(holder),
    holderStart: BigInt(holderStart),
    live: live !== "fixed",
  };
}
