import { inThisBoot, levelClock, newOverride, secondsLeft } from "../domains/level-clock.ts";
import {
  type Actor,
  byItself,
  changeOverrides,
  type LevelOverride,
  readOverride,
  removeOverride,
  writeOverride,
} from "../domains/levels.ts";
import { StateError } from "../domains/state-error.ts";
import { domainsWithState } from "../domains/state-file.ts";
import { allLevelsChanged, levelChanged } from "../events/audit-catalogue.ts";
import type { Event } from "../events/event.ts";
import type { Places } from "../host/places.ts";
import type { Level } from "../model/policy.ts";
import { parseDomainName } from "../policy/names.ts";
import { Complaints } from "./complaints.ts";
import type { DomainTable } from "./domain-table.ts";
import type { DomainEntry } from "./entry.ts";

/**
 * Milliseconds between looks at the clocks while a level has an end: the wall clock may be set, and
 * the host may sleep.
 */
const LOOK_AT_CLOCK_MS = 30_000;

export interface LevelChange {
  readonly entry: DomainEntry;
  readonly before: Level | null;
  readonly level: Level;
  readonly until: string | null;
}

/** Gives and removes levels: first on disk, then in the table, then as an audit event. */
export class Levels {
  readonly #folder: string;
  readonly #table: DomainTable;
  readonly #tell: (event: Event) => void;
  readonly #complaints: Complaints;
  #timer: NodeJS.Timeout | null = null;

  constructor(
    places: Places,
    table: DomainTable,
    tell: (event: Event) => void,
    log: (text: string) => void,
  ) {
    this.#folder = places.system.levels;
    this.#table = table;
    this.#tell = tell;
    this.#complaints = new Complaints(log);
  }

  /**
   * `level` null: the policy's own counts again. `seconds`: the duration. `all`: one event for all
   * domains.
   */
  give(
    entries: readonly DomainEntry[],
    level: Level | null,
    seconds: number | null,
    by: Actor,
    all: boolean,
  ): readonly LevelChange[] {
    const changes = this.#change(entries, level, seconds, by);
    const until = changes[0]?.until ?? null;
    if (all && level !== null)
      this.#tell(allLevelsChanged({ to: level, by, ...(until === null ? {} : { until }) }));
    else for (const change of changes) this.#tellOf(change, by);
    this.watch();
    return changes;
  }

  /** Removes expired levels and waits for the next end. Call it at the start, too. */
  watch(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    let next = Number.POSITIVE_INFINITY;
    const isLooked = this.#complaints.try(
      "levels that may have had their time cannot be looked at",
      () => {
        for (const name of domainsWithState(this.#folder, (text) => parseDomainName(text) !== null))
          next = Math.min(next, this.#endOf(name));
      },
    );
    if (!isLooked) next = Math.min(next, LOOK_AT_CLOCK_MS / 1000);
    if (next === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(() => this.watch(), Math.min(next * 1000 + 1, LOOK_AT_CLOCK_MS));
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** All of them or, if the disk is full, none. */
  #change(
    entries: readonly DomainEntry[],
    level: Level | null,
    seconds: number | null,
    by: Actor,
  ): readonly LevelChange[] {
    const table = this.#table;
    const clock = levelClock();
    const orders = entries.map((entry) => {
      const present = table.overrideOf(entry.name);
      const override = level === null ? null : newOverride(level, by, seconds, present, clock);
      return { entry, before: table.levelOf(entry), override };
    });
    try {
      changeOverrides(
        this.#folder,
        orders.map(({ entry, override }) => [entry.name, override]),
      );
    } finally {
      // Whether or not that succeeded, the disk's state counts.
      for (const { entry } of orders) table.applyLevel(entry);
    }
    return orders.map(({ entry, before, override }) => {
      return {
        entry,
        before,
        level: table.levelOf(entry) ?? "enforcing",
        until: override?.until ?? null,
      };
    });
  }

  #put(name: string, override: LevelOverride | null): void {
    if (override === null) removeOverride(this.#folder, name);
    else writeOverride(this.#folder, name, override);
    const entry = this.#table.get(name);
    if (entry !== null) this.#table.applyLevel(entry);
  }

  /** Seconds until the domain's override ends; an expired one is removed now. */
  #endOf(name: string): number {
    const override = this.#read(name);
    const left = override === null ? null : secondsLeft(override, levelClock());
    if (override === null || left === null) return Number.POSITIVE_INFINITY;
    if (left > 0) {
      this.#bringIntoThisBoot(name, override);
      return left;
    }
    if (!this.#takeBack(name, override.before ?? null)) return LOOK_AT_CLOCK_MS / 1000;
    const entry = this.#table.get(name);
    if (entry !== null) {
      const level = this.#table.levelOf(entry) ?? "enforcing";
      this.#tellOf({ entry, before: override.level, level, until: null }, byItself);
    }
    return Number.POSITIVE_INFINITY;
  }

  #bringIntoThisBoot(name: string, override: LevelOverride): void {
    const brought = inThisBoot(override, levelClock());
    if (brought === null) return;
    const about = `what is left of the level of ${name} cannot be written down for this boot`;
    this.#complaints.try(about, () => writeOverride(this.#folder, name, brought));
  }

  /**
   * The level before counts from now on, even if the disk is full; false: the file must be tried
   * again.
   */
  #takeBack(name: string, before: LevelOverride | null): boolean {
    try {
      this.#put(name, before);
      return true;
    } catch (error) {
      if (!(error instanceof Error && "code" in error)) throw error;
      const entry = this.#table.get(name);
      if (entry !== null) this.#table.applyLevel(entry);
      const text =
        `the level of ${name} has had its time, but its file cannot be changed: ` +
        `${error.message}`;
      this.#complaints.say(name, text, String(error.code));
      return false;
    }
  }

  /** A broken file was already reported when it was read as a level. */
  #read(name: string): LevelOverride | null {
    try {
      return readOverride(this.#folder, name);
    } catch (error) {
      if (error instanceof StateError) return null;
      throw error;
    }
  }

  #tellOf({ entry, before, level, until }: LevelChange, by: Actor): void {
    const { name: domain, number } = entry;
    const change = { domain, number, from: before ?? level, to: level, by };
    this.#tell(levelChanged(until === null ? change : { ...change, until }));
  }
}
