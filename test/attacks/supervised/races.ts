import type { Arena, Attacker } from "../arena.ts";
import { racePolicy } from "../policy.ts";
import { raceSuite } from "../races.ts";

/** Tries of all races, where somebody has the time for more, or less. */
const wanted = process.env.COFFERDAM_RACES;

/**
 * At level enforcing: the races for what only a supervised domain asks about, and those against the broker. The latter are run a hundred thousand times against a sealed
 * domain, by the very same handlers.
 */
export function supervisedRaces(attacker: Attacker, tries: { readonly own: number; readonly broker: number }): void {
  const folders = {
    "supervised/races": Number(wanted ?? tries.own),
    races: Number(wanted ?? tries.broker),
  };
  const policy = (arena: Arena) => racePolicy(arena, { supervised: true, level: "enforcing" });
  raceSuite(attacker, { folders, policy });
}
