import type { Level, Mode } from "../model/policy.ts";
import { NO_POLICY_TAG, policyTagOf } from "../plan/plan.ts";

/**
 * What the holder wrote about a run at its birth: the text of the symbolic link `runs/PID`, words
 * separated by spaces.
 */
export interface RunRecord {
  readonly domain: string;
  /** null if the domain had none. */
  readonly number: number | null;
  readonly mode: Mode;
  /** At the start. */
  readonly level: Level;
  /** Field 22 of `/proc/PID/stat`, in clock ticks since boot: distinguishes a reused process id. */
  readonly start: bigint;
  readonly holder: number;
  readonly holderStart: bigint;
  /** Level and policy follow the host's table; false for `run --level` and for ordinary users. */
  readonly live: boolean;
  /** Of the policy at the start (`Plan.policyTag`); null where none is known. */
  readonly policy: string | null;
}

/**
 * Names have no control characters: users write records, too, and root lists them on a terminal.
 */
const form = new RegExp(
  [
    /^(?<domain>[A-Za-z0-9][\w.@-]*) (?<number>\d{1,5}) (?<mode>sealed|supervised) /,
    /(?<level>enforcing|warning|disabled) (?<start>\d{1,20}) /,
    /(?<holder>\d{1,10}) (?<holderStart>\d{1,20})(?: (?<live>live|fixed))?/,
    /(?: (?<policy>[0-9a-f]{16}))?$/,
  ]
    .map(({ source }) => source)
    .join(""),
);

/** null for a text that no holder wrote. */
export function parseRunRecord(text: string): RunRecord | null {
  const words = form.exec(text)?.groups;
  if (words === undefined) return null;
  const { domain = "", number, mode, level, start = "", holder, holderStart = "", live } = words;
  const { policy = NO_POLICY_TAG } = words;
  return {
    domain,
    number: Number(number) || null,
    mode: mode === "sealed" ? "sealed" : "supervised",
    level: level === "warning" || level === "disabled" ? level : "enforcing",
    start: BigInt(start),
    holder: Number(holder),
    holderStart: BigInt(holderStart),
    live: live !== "fixed",
    policy: policyTagOf(policy),
  };
}
