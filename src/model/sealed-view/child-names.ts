import type { Automaton } from "../automaton/automaton.ts";
import { VIEW_LITERALS_MAX } from "../limits.ts";
import { nameOfBytes } from "../name-bytes.ts";
import { SLASH } from "../pattern/byte-set.ts";

/** NAME_MAX of Linux, bytes: no component is longer. */
const NAME_BYTES_MAX = 255;

/**
 * The only names that can be granted anything directly in the directory whose `DIR/` led to `state`; null where they are
 * too many to look up one by one, as behind a `*`, so that the directory must be listed.
 */
export function namesOfInterest(automaton: Automaton, state: number): readonly string[] | null {
  const names: string[] = [];
  const search = (at: number, name: readonly number[]): boolean => {
    if (name.length > NAME_BYTES_MAX) return false;
    const ends = automaton.permissions(at) !== 0 || !automaton.dead(automaton.step(at, SLASH));
    if (ends && name.length > 0 && names.push(nameOfBytes(Uint8Array.from(name))) > VIEW_LITERALS_MAX) return false;
    for (let byte = 0; byte < 256; byte++) {
      const next = automaton.step(at, byte);
      if (byte !== SLASH && !automaton.dead(next) && !search(next, [...name, byte])) return false;
    }
    return true;
  };
  return search(state, []) ? names : null;
}
