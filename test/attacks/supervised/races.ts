import type { Arena, Attacker } from "../arena.ts";
import { racePolicy } from "../policy.ts";
import { raceSuite } from "../races.ts";

/**
 * At level enforcing: the races for what only a supervised domain asks about, and those against the
 * broker. The latter are run a hundred thousand times against a sealed domain, by the very same
 * handlers.
 */
export function supervisedRaces(
  attacker: Attacker,
  tries: { readonly own: number; readonly broker: number },
): void {
  const folders = {
    "supervised/races": tries.own,
    races: tries.broker,
  };
  const policy = (arena: Arena) => racePolicy(arena, { supervised: true, level: "enforcing" });
  raceSuite(attacker, { folders, policy });
}
