import { dirname, resolve } from "node:path";
import { domainIdentity } from "../domains/identity.ts";
import { endAt, levelClock, overrideNow } from "../domains/level-clock.ts";
import { overridePath, readOverride } from "../domains/levels.ts";
import { giveNumbers } from "../domains/numbers.ts";
import { numbersGiven } from "../domains/numbers-file.ts";
import { StateError } from "../domains/state-error.ts";
import type { Level, Policy } from "../model/policy.ts";
import { HostError } from "./host-error.ts";
import { domainNames, libraryFile } from "./load.ts";
import type { Places } from "./places.ts";
import { makeFolder, modesFor } from "./write-whole.ts";

/** What a host has decided about one of its domains besides the policy's text. */
export interface Standing {
  /**
   * null for a policy that is no domain of the host's: a user's, or a file outside the host's
   * folders.
   */
  readonly number: number | null;
  readonly level: Level;
  /** When that level ends, milliseconds since boot; null: it stays. */
  readonly until: number | null;
  /** The file with the domain's level, existing or not: a fact of every plan. */
  readonly levelFile: string | null;
}

/**
 * Number and level of a domain; a new domain gets a number. Only a policy that is found by its name
 * in root's folders is a domain of the host: a file from elsewhere would otherwise share number and
 * level with another policy of its name.
 * @throws HostError for state that is broken, with what to do
 */
export function standingOf(
  places: Places,
  policy: Policy,
  files: readonly string[],
  give = true,
): Standing {
  const origin = files[0];
  const isOfHost =
    places.asRoot && origin !== undefined && libraryFile(places, policy.name) === resolve(origin);
  if (!isOfHost) return { number: null, level: policy.level, until: null, levelFile: null };
  const { numbers, levels } = places.system;
  return explained(() => {
    if (give) for (const folder of [dirname(numbers), levels]) makeFolder(folder, modesFor(0));
    const present = new Set(domainNames(places));
    const given = give
      ? giveNumbers(numbers, [domainIdentity(policy, origin)], present)
      : numbersGiven(numbers);
    const clock = levelClock();
    const override = overrideNow(readOverride(levels, policy.name), clock);
    return {
      number: given.get(policy.name) ?? null,
      level: override?.level ?? policy.level,
      until: override === null ? null : endAt(override, clock),
      levelFile: overridePath(levels, policy.name),
    };
  });
}

/** Turns broken state into an error of the command. */
export function explained<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof StateError) throw new HostError(error.message, error.help);
    throw error;
  }
}
