import type { Automaton } from "../automaton/automaton.ts";
import { VIEW_LITERALS_MAX } from "../limits.ts";
import { nameOfBytes } from "../name-bytes.ts";
import { SLASH } from "../pattern/byte-set.ts";

/** NAME_MAX of Linux: no component is longer. */
const NAME_BYTES_MAX = 255;

/**
 * The only names directly in a directory that can be granted anything. null if they are too many to
 * look up one by one, for instance after `*`: then the directory must be listed.
 */
export class ChildNames {
  private readonly automaton: Automaton;
  private readonly known = new Map<number, readonly string[] | null>();
  /** Without `/`, which ends a name. */
  private readonly bytes: readonly (readonly number[])[];

  constructor(automaton: Automaton) {
    this.automaton = automaton;
    const bytes: number[][] = Array.from({ length: automaton.table.classCount }, () => []);
    automaton.table.classOf.forEach((index, byte) => {
      if (byte !== SLASH) bytes[index]?.push(byte);
    });
    this.bytes = bytes;
  }

  /** For the state after `DIR/`. */
  of(state: number): readonly string[] | null {
    const known = this.known.get(state);
    if (known !== undefined) return known;
    const names: string[] = [];
    const result = this.search(state, [], new Set(), names) ? names : null;
    this.known.set(state, result);
    return result;
  }

  /**
   * False if the names are infinite or exceed a limit: a state repeats on the way, or a limit is
   * reached.
   */
  private search(state: number, name: number[], onWay: Set<number>, names: string[]): boolean {
    const { automaton } = this;
    if (onWay.has(state) || name.length > NAME_BYTES_MAX) return false;
    const ends =
      automaton.permissions(state) !== 0 || !automaton.dead(automaton.step(state, SLASH));
    if (
      ends &&
      name.length > 0 &&
      names.push(nameOfBytes(Uint8Array.from(name))) > VIEW_LITERALS_MAX
    )
      return false;
    onWay.add(state);
    const { classCount, next } = automaton.table;
    for (let index = 0; index < classCount; index++) {
      const target = next[state * classCount + index] as number;
      if (automaton.dead(target)) continue;
      for (const byte of this.bytes[index] as readonly number[]) {
        name.push(byte);
        if (!this.search(target, name, onWay, names)) return false;
        name.pop();
      }
    }
    onWay.delete(state);
    return true;
  }
}
