import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { exceptionsPath, writeExceptions } from "../domains/exceptions.ts";
import { byItself, overridePath, readOverride, removeOverride } from "../domains/levels.ts";
import { readNumbers } from "../domains/numbers-file.ts";
import { listRuns } from "../domains/runs.ts";
import { StateError } from "../domains/state-error.ts";
import { domainsWithState } from "../domains/state-file.ts";
import { auditEvent } from "../events/audit-event.ts";
import type { Event } from "../events/event.ts";
import { libraryFile } from "../host/load.ts";
import type { Places } from "../host/places.ts";
import type { Level } from "../model/policy.ts";
import { parseDomainName } from "../policy/names.ts";

/**
 * Milliseconds for which one agent must have found no policy of a domain's name before it forgets
 * the level given to that domain, and its exceptions. A package update that removes a file and
 * restores it takes minutes. A later domain of that name is a new one, and must start with neither.
 */
export const ABSENT_MS = 3_600_000;

/**
 * Levels and exceptions of domains that no longer exist. Each agent counts the time anew, by a
 * clock that cannot be set: a level is rather kept than lost.
 */
export class AbsentLevels {
  readonly #places: Places;
  readonly #tell: (event: Event) => void;
  /** On the clock of performance.now(). */
  #since = new Map<string, number>();

  constructor(places: Places, tell: (event: Event) => void) {
    this.#places = places;
    this.#tell = tell;
  }

  /**
   * Call at intervals. Removes and reports what was given to domains that were absent at every call
   * for {@link ABSENT_MS}. @throws the system's error
   */
  look(now = performance.now()): void {
    const { levels, exceptions, numbers, runs } = this.#places.system;
    const isName = (text: string) => parseDomainName(text) !== null;
    const named = [levels, exceptions].flatMap((folder) => domainsWithState(folder, isName));
    const given = [...new Set(named)];
    const known = new Map(
      given.length === 0 ? [] : readNumbers(numbers).domains.map((one) => [one.name, one]),
    );
    const running = new Set(given.length === 0 ? [] : listRuns(runs).map(({ domain }) => domain));
    const isAbsent = (name: string): boolean => {
      const folder = dirname(known.get(name)?.origin ?? "/");
      // A missing folder may come back with everything in it.
      return libraryFile(this.#places, name) === null && existsSync(folder) && !running.has(name);
    };
    this.#since = new Map(
      given.filter(isAbsent).map((name) => [name, this.#since.get(name) ?? now]),
    );
    for (const [name, since] of this.#since)
      if (now - since >= ABSENT_MS) this.#forget(name, known.get(name)?.number);
  }

  #forget(name: string, number: number | undefined): void {
    const { levels, exceptions } = this.#places.system;
    this.#since.delete(name);
    if (existsSync(exceptionsPath(exceptions, name))) {
      writeExceptions(exceptions, name, []);
      this.#say(name, number, "exceptions forgotten", "all of them", "enforcing");
    }
    if (!existsSync(overridePath(levels, name))) return;
    const override = this.#read(name);
    removeOverride(levels, name);
    const level = override?.level ?? "enforcing";
    const what =
      override === null ? "one that could not be read" : `${level}, given ${override.since}`;
    this.#say(name, number, "level forgotten", what, level);
  }

  #say(
    name: string,
    number: number | undefined,
    operation: string,
    what: string,
    level: Level,
  ): void {
    const minutes = ABSENT_MS / 60_000;
    const object = `${what}: there has been no policy of that name for ${minutes} minutes`;
    const subject = { domain: name, number: number ?? null, level };
    this.#tell(auditEvent(subject, operation, object, byItself));
  }

  #read(name: string) {
    try {
      return readOverride(this.#places.system.levels, name);
    } catch (error) {
      if (error instanceof StateError) return null;
      throw error;
    }
  }
}
