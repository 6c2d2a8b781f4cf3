import type { Arena, Attacker } from "../arena.ts";
import { racePolicy } from "../policy.ts";
import { raceSuite } from "../races.ts";

/** Tries against the broker for one against what only a supervised domain asks about. */
const BROKER_SHARE = 1 / 5;

/**
 * At level enforcing: the races for what only a supervised domain asks about, and fewer tries of
 * those against the broker, which a sealed domain's attackers try by the very same handlers.
 */
export function supervisedRaces(attacker: Attacker, tries: number): void {
  const folders = { "supervised/races": tries, races: tries * BROKER_SHARE };
  const policy = (arena: Arena) => racePolicy(arena, { supervised: true, level: "enforcing" });
  raceSuite(attacker, { folders, policy });
}
