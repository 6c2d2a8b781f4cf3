import { readFileSync } from "node:fs";
import type { Level } from "../model/policy.ts";
import type { Actor, LevelOverride, Timed } from "./levels.ts";

export interface LevelClock {
  /** Milliseconds since 1970; can be set. */
  readonly wall: number;
  /** Seconds since boot, including suspension; this clock cannot be set. */
  readonly uptime: number;
  readonly boot: string;
}

/** proc_uptime(5) counts CLOCK_BOOTTIME. */
export function levelClock(): LevelClock {
  return {
    wall: Date.now(),
    uptime: Number.parseFloat(readFileSync("/proc/uptime", "utf8")),
    boot: readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim(),
  };
}

/** After `seconds` the level `before` counts again, permanently. null: no end. */
export function newOverride(
  level: Level,
  by: Actor,
  seconds: number | null,
  before: LevelOverride | null,
  clock: LevelClock,
): LevelOverride {
  if (seconds === null) return { level, by, since: new Date(clock.wall).toISOString() };
  const lasting = before?.until === undefined ? before : (before.before ?? null);
  return {
    ...{ level, by },
    ...lastingFor(clock, seconds),
    ...(lasting === null ? {} : { before: lasting }),
  };
}

/** From now on. */
export function lastingFor(clock: LevelClock, seconds: number): Required<Timed> {
  const since = new Date(clock.wall).toISOString();
  return { since, until: wallIn(clock, seconds), untilUptime: uptimeOf(clock, seconds) };
}

/**
 * Seconds left; null for what has no end. Within the boot in which it was given, changes of the
 * wall clock do not count. After a reboot the wall clock tells how long the host was down, but
 * never gives more time than was left. If that clock went back, at least the time since boot is
 * subtracted.
 */
export function secondsLeft(override: Timed, clock: LevelClock): number | null {
  const { since, until, untilUptime } = override;
  if (until === undefined) return null;
  const most = untilUptime?.lasts ?? (Date.parse(until) - Date.parse(since)) / 1000;
  if (untilUptime?.boot === clock.boot) return Math.min(untilUptime.seconds - clock.uptime, most);
  return Math.min((Date.parse(until) - clock.wall) / 1000, most - clock.uptime);
}

/** Milliseconds since this boot, the same for each caller; null for what has no end. */
export function endAt(timed: Timed, clock: LevelClock): number | null {
  const left = secondsLeft(timed, clock);
  if (left === null) return null;
  const { untilUptime } = timed;
  const isOfThisBoot = untilUptime?.boot === clock.boot;
  const end = clock.uptime + left;
  return Math.round((isOfThisBoot ? Math.min(untilUptime.seconds, end) : end) * 1_000);
}

/**
 * For the file of what was given in an earlier boot: from now on changes of the wall clock do not
 * count in this boot either. null if nothing must change.
 */
export function inThisBoot<T extends Timed>(override: T, clock: LevelClock): T | null {
  const left = secondsLeft(override, clock);
  if (left === null || left <= 0 || override.untilUptime?.boot === clock.boot) return null;
  return { ...override, until: wallIn(clock, left), untilUptime: uptimeOf(clock, left) };
}

/** By the wall clock as it is set now; null for what has no end. */
export function untilNow(override: Timed | null, clock: LevelClock): string | null {
  const left = override === null ? null : secondsLeft(override, clock);
  if (override?.until === undefined || left === null) return null;
  const until = wallIn(clock, left);
  return Math.abs(Date.parse(until) - Date.parse(override.until)) < CLOCK_STEP_MIN_MS
    ? override.until
    : until;
}

/** Milliseconds. A smaller difference is drift between the clocks. */
const CLOCK_STEP_MIN_MS = 5_000;

function uptimeOf({ boot, uptime }: LevelClock, left: number) {
  return { boot, seconds: uptime + left, lasts: left };
}

function wallIn({ wall }: LevelClock, seconds: number): string {
  return new Date(wall + seconds * 1000).toISOString();
}

/** An expired override does not count, even if it has not been removed yet. */
export function overrideNow(
  override: LevelOverride | null,
  clock: LevelClock,
): LevelOverride | null {
  if (override === null) return null;
  const left = secondsLeft(override, clock);
  return left !== null && left <= 0 ? (override.before ?? null) : override;
}
