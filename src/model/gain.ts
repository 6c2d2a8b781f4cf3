import type { Automaton } from "./automaton/automaton.ts";
import { GAIN_PAIRS_MAX } from "./limits.ts";
import { SLASH } from "./pattern/byte-set.ts";
import { OF_THE_OBJECT, type PermissionSet } from "./permission.ts";

/**
 * Permissions that an object gains when its name changes from the one that led to `fromState` to
 * the one that led to `toState`: those of the new name that the old one lacks. For a directory this
 * includes every name below it, and what makes and removes names there. Beyond GAIN_PAIRS_MAX pairs
 * of states everything that the new names have counts as gained.
 */
export function gains(
  automaton: Automaton,
  fromState: number,
  toState: number,
  directory: boolean,
): PermissionSet {
  const own = automaton.permissions(toState) & ~automaton.permissions(fromState) & OF_THE_OBJECT;
  if (!directory) return own;
  return (
    own | gainsBelow(automaton, automaton.step(fromState, SLASH), automaton.step(toState, SLASH))
  );
}

interface Pair {
  readonly old: number;
  readonly fresh: number;
  /** Within a component, so that a name may end here; else at the beginning of one. */
  readonly within: boolean;
}

function gainsBelow(automaton: Automaton, from: number, to: number): PermissionSet {
  const possible = automaton.reachable(to) & ~automaton.uniform(from);
  const { stateCount, classOf } = automaton.table;
  const bytes = oneByteOfEachClass(classOf);
  const seen = new Set<number>();
  const work: Pair[] = [];
  const visit = (old: number, fresh: number, within: boolean) => {
    const key = (old * stateCount + fresh) * 2 + Number(within);
    if (old === fresh || automaton.dead(fresh) || seen.has(key)) return;
    seen.add(key);
    work.push({ old, fresh, within });
  };
  let gained = 0;
  visit(from, to, false);
  for (let pair = work.pop(); pair !== undefined && gained !== possible; pair = work.pop()) {
    if (seen.size > GAIN_PAIRS_MAX) return possible;
    const { old, fresh, within } = pair;
    for (const byte of bytes) visit(automaton.step(old, byte), automaton.step(fresh, byte), true);
    if (!within) continue;
    gained |= automaton.permissions(fresh) & ~automaton.permissions(old);
    visit(automaton.step(old, SLASH), automaton.step(fresh, SLASH), false);
  }
  return gained;
}

function oneByteOfEachClass(classOf: Uint8Array): readonly number[] {
  const bytes = new Map<number, number>();
  classOf.forEach((index, byte) => {
    if (byte !== SLASH) bytes.set(index, byte);
  });
  return [...bytes.values()];
}
