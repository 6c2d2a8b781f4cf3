import { readFileSync } from "node:fs";
import type { Level } from "../model/policy.ts";
import type { Actor, LevelOverride } from "./levels.ts";

/** The two clocks by which a level ends. */
export interface LevelClock {
  /** Milliseconds since 1970; may be set. */
  readonly wall: number;
  /** Seconds since the boot, suspension included; nobody sets it. */
  readonly uptime: number;
  /** Id of this boot. */
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

/** An override that ends by itself goes back to `before` without an end of its own. `seconds` null: it stays. */
export function newOverride(
  level: Level,
  by: Actor,
  seconds: number | null,
  before: LevelOverride | null,
  clock: LevelClock,
): LevelOverride {
  const plain = { level, by, since: new Date(clock.wall).toISOString() };
  if (seconds === null) return plain;
  const lasting = before?.until === undefined ? before : (before.before ?? null);
  return {
    ...plain,
    until: new Date(clock.wall + seconds * 1000).toISOString(),
    untilUptime: { boot: clock.boot, seconds: clock.uptime + seconds },
    ...(lasting === null ? {} : { before: lasting }),
  };
}

/** Seconds left; null for one that stays. In the boot that it was given in, steps of the wall clock do not count; later the wall clock is all there is. */
export function secondsLeft(override: LevelOverride, clock: LevelClock): number | null {
  const { until, untilUptime } = override;
  if (untilUptime?.boot === clock.boot) return untilUptime.seconds - clock.uptime;
  return until === undefined ? null : (Date.parse(until) - clock.wall) / 1000;
}

/** The override that counts now: one whose time is over counts no more, whoever has not yet taken it away. */
export function overrideNow(override: LevelOverride | null, clock: LevelClock): LevelOverride | null {
  if (override === null) return null;
  const left = secondsLeft(override, clock);
  return left !== null && left <= 0 ? (override.before ?? null) : override;
}
