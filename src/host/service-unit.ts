import { existsSync } from "node:fs";
import { readProcStat } from "../domains/proc-stat.ts";

/** Exists if systemd is process 1 (sd_booted(3)). */
const SYSTEMD_BOOTED = "/run/systemd/system";

export function runsSystemd(mark = SYSTEMD_BOOTED): boolean {
  return existsSync(mark);
}

/**
 * The unit, of those that a policy names, that restarts a running daemon; null for a daemon started
 * in another way.
 */
export function unitOf(
  pid: number,
  units: readonly string[],
  mark = SYSTEMD_BOOTED,
): string | null {
  const [unit] = units;
  return unit !== undefined && runsSystemd(mark) && readProcStat(pid)?.parent === 1 ? unit : null;
}

/**
 * What to type to start the daemon again, according to /proc; null for a daemon that has written a
 * title over its words (one word with spaces), or has ended.
 */
export function wordsOf(commandLine: string): string | null {
  const words = commandLine.replace(/\0+$/, "").split("\0");
  if (words[0] === "") return null;
  if (words.length === 1 && /[\s:]/.test(words[0] ?? "")) return null;
  return words
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(" ");
}
