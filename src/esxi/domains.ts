import { levelClock, overrideNow } from "../domains/level-clock.ts";
import { readOverride } from "../domains/levels.ts";
import { LiveTable } from "../domains/live-table.ts";
import { readNumbers } from "../domains/numbers-file.ts";
import { domainNames, load } from "../host/load.ts";
import type { Places } from "../host/places.ts";
import { explained } from "../host/standing.ts";
import type { Level, Policy } from "../model/policy.ts";
import { SUPER_DOM } from "./language/names.ts";

/** A domain of the host as the commands of ESXi show it. */
export interface HostDomain {
  readonly name: string;
  /** null until the agent has given it a number. */
  readonly number: number | null;
}

/** The domain of all processes that no other domain claims; its level never changes. */
export const superDom: HostDomain = { name: SUPER_DOM, number: 0 };

/** All domains by number, `superDom` first, domains without a number last. Reads no policy. */
export function hostDomains(places: Places): readonly HostDomain[] {
  const numbered = explained(() => readNumbers(places.system.numbers)).domains.filter(
    ({ gone }) => gone !== true,
  );
  const numbers = new Map(numbered.map(({ name, number }) => [name, number]));
  const names = [...new Set([...numbers.keys(), ...domainNames(places)])];
  const last = Number.POSITIVE_INFINITY;
  const all = names.map((name) => ({ name, number: numbers.get(name) ?? null }));
  return [
    superDom,
    ...all.sort((a, b) => (a.number ?? last) - (b.number ?? last) || (a.name < b.name ? -1 : 1)),
  ];
}

/**
 * The level that the domain's next decision will have; null if its policy has errors and was never
 * loaded.
 */
export function levelOf(
  places: Places,
  { name, number }: HostDomain,
  table: LiveTable | null,
): Level | null {
  if (name === SUPER_DOM) return "enforcing";
  const live = number === null ? null : (table?.level(number) ?? null);
  if (live !== null) return live;
  const override = explained(() =>
    overrideNow(readOverride(places.system.levels, name), levelClock()),
  );
  return override?.level ?? policyOf(places, name)?.level ?? null;
}

export function policyOf(places: Places, name: string): Policy | null {
  return load(places, { name }).policy;
}

export function liveTable(places: Places): LiveTable | null {
  return LiveTable.open(places.system.table);
}
