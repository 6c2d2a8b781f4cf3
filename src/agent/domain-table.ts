import { lstatSync } from "node:fs";
import { type DomainIdentity, domainIdentity, identityOf } from "../domains/identity.ts";
import { levelClock, overrideNow, untilNow } from "../domains/level-clock.ts";
import { type LevelOverride, overridePath, readOverride } from "../domains/levels.ts";
import type { LiveTableWriter } from "../domains/live-table-writer.ts";
import { giveNumbers } from "../domains/numbers.ts";
import { numbersGiven, readNumbers } from "../domains/numbers-file.ts";
import { listRuns } from "../domains/runs.ts";
import { StateError } from "../domains/state-error.ts";
import { domainsInKernel } from "../host/kernel-members.ts";
import { domainNames } from "../host/load.ts";
import type { Places } from "../host/places.ts";
import type { Level } from "../model/policy.ts";
import { parseDomainName } from "../policy/names.ts";
import { Complaints } from "./complaints.ts";
import { type DomainEntry, entryOf } from "./entry.ts";
import type { Followers } from "./followers.ts";
import type { ReadPolicy } from "./read-policies.ts";

/** The host's domains, their numbers, and their levels in the live table. */
export class DomainTable {
  readonly #places: Places;
  readonly #table: LiveTableWriter;
  readonly #followers: Followers;
  readonly #entries = new Map<string, DomainEntry>();
  readonly #complaints: Complaints;

  constructor(
    places: Places,
    table: LiveTableWriter,
    followers: Followers,
    log: (text: string) => void,
  ) {
    this.#places = places;
    this.#table = table;
    this.#followers = followers;
    this.#complaints = new Complaints(log);
  }

  /** By number, ascending. */
  get entries(): readonly DomainEntry[] {
    return [...this.#entries.values()].sort((a, b) => a.number - b.number);
  }

  get(name: string): DomainEntry | null {
    return this.#entries.get(name) ?? null;
  }

  /** Every domain with a file, and running instances, which have no file of their own. */
  names(): readonly string[] {
    const running = listRuns(this.#places.system.runs).filter(({ number }) => number !== null);
    const domains = [...running.map(({ domain }) => domain), ...domainsInKernel(this.#places)];
    const instances = domains.filter((name) => name.includes("@"));
    return [...new Set([...domainNames(this.#places), ...instances])].filter(
      (name) => parseDomainName(name) !== null,
    );
  }

  /**
   * Puts the read policies into force, assigns numbers, and sets levels. `complete`: every other
   * domain is gone.
   */
  accept(read: ReadonlyMap<string, ReadPolicy>, complete: boolean): void {
    const identities = [...read].flatMap(([name, one]) => this.#identityOf(name, one) ?? []);
    const { numbers } = this.#places.system;
    const given = giveNumbers(numbers, identities, new Set(this.names()), complete);
    const records = readNumbers(numbers).domains;
    const known = numbersGiven(numbers);
    for (const [name, one] of read) {
      const number = given.get(name) ?? known.get(name);
      if (one.state === "gone" || number === undefined) this.#forget(name);
      else this.#put(name, number, one);
    }
    if (!complete) return;
    for (const name of this.#entries.keys()) if (!read.has(name)) this.#forget(name);
    // Includes domains that disappeared while no agent ran.
    for (const { number, gone } of records)
      if (gone && this.#table.level(number) !== null) this.#table.setGone(number);
  }

  /** The given level, or the policy's own; null if neither is known. */
  levelOf(entry: DomainEntry): Level | null {
    return (
      this.overrideOf(entry.name)?.level ?? entry.policy?.level ?? this.#table.level(entry.number)
    );
  }

  /** By which mediators decide now; null if the table has none yet. */
  levelInForce({ number }: DomainEntry): Level | null {
    return this.#table.level(number);
  }

  /** A broken file is no override; it is reported once as long as it stays the same. */
  overrideOf(name: string): LevelOverride | null {
    const folder = this.#places.system.levels;
    try {
      const override = readOverride(folder, name);
      this.#complaints.over(name);
      return overrideNow(override, levelClock());
    } catch (error) {
      if (!(error instanceof StateError)) throw error;
      const stats = lstatSync(overridePath(folder, name), { bigint: true, throwIfNoEntry: false });
      this.#complaints.say(
        name,
        `${error.message}; ${error.help}`,
        `${stats?.ino} ${stats?.ctimeNs}`,
      );
      return null;
    }
  }

  /** ISO 8601; null for a level without an end. */
  untilOf(name: string): string | null {
    return untilNow(this.overrideOf(name), levelClock());
  }

  /** From here on mediators and cgroup programs decide by it. */
  applyLevel(entry: DomainEntry): void {
    // "enforcing" is the safe answer for a domain whose policy could never be read.
    const level = this.levelOf(entry) ?? "enforcing";
    const before = this.#table.level(entry.number);
    this.#table.setLevel(entry.number, level);
    if (level !== before) this.#followers.changed(entry);
  }

  #identityOf(name: string, read: ReadPolicy): DomainIdentity | null {
    if (read.state === "good") return { ...domainIdentity(read.policy, read.file), name };
    const entry = read.state === "same" ? this.#entries.get(name) : undefined;
    return entry === undefined || entry.digest === null
      ? null
      : identityOf(name, entry.file, entry.digest);
  }

  #put(name: string, number: number, read: Exclude<ReadPolicy, { state: "gone" }>): void {
    const before = this.#entries.get(name);
    const entry = entryOf(name, number, read, before ?? null);
    if (entry === null) return;
    this.#entries.set(name, entry);
    if (before !== undefined && before.number !== number) this.#table.setGone(before.number);
    this.applyLevel(entry);
  }

  #forget(name: string): void {
    const entry = this.#entries.get(name);
    this.#entries.delete(name);
    const taken = [...this.#entries.values()].some(({ number }) => number === entry?.number);
    if (entry !== undefined && !taken) this.#table.setGone(entry.number);
  }
}
