import { SLASH } from "../pattern/byte-set.ts";
import { Permission } from "../permission.ts";
import { postorder } from "./merge-forward.ts";
import type { Table } from "./table.ts";

const NAMES = Permission.create | Permission.delete;

/** One entry per state, about the names strictly below the directory whose `DIR/` led there. */
export interface Analysis {
  readonly uniform: Uint16Array;
  readonly reachable: Uint16Array;
  readonly creatable: Uint16Array;
}

/**
 * Components of names are not empty. So two things are computed per state: what holds within a
 * component (the name may end here), and what holds at the beginning of one (at least one byte
 * other than `/` follows). The second follows from the first, which is iterated to its fixpoint.
 */
export function analyse(table: Table): Analysis {
  const within = new Within(table);
  const { permissions } = table;
  const reachable = within.some(permissions);
  // A permission that no name lacks is one that every name has.
  const uniform = within.some(permissions.map((set) => ~set)).map((lacked) => ~lacked);
  const own = reachable.map((set, state) => (set === uniform[state] ? set & NAMES : 0));
  const creatable = within.some(new Uint16Array(table.stateCount), own);
  return { uniform, reachable, creatable };
}

class Within {
  private readonly order: Uint32Array;
  private readonly afterSlash: Uint32Array;
  /**
   * For each state its distinct successors by bytes other than `/`: from `first[state]` up to
   * `first[state + 1]`. Much smaller than the table.
   */
  private readonly first: Uint32Array;
  private readonly targets: Uint32Array;

  constructor(table: Table) {
    const { classCount, classOf, next, stateCount } = table;
    const slash = classOf[SLASH] as number;
    const others = Uint8Array.from(new Set(classOf.filter((_, byte) => byte !== SLASH)));
    this.order = postorder(table);
    this.afterSlash = Uint32Array.from(
      { length: stateCount },
      (_, state) => next[state * classCount + slash] as number,
    );
    this.first = new Uint32Array(stateCount + 1);
    const targets: number[] = [];
    const seenFrom = new Int32Array(stateCount).fill(-1);
    for (let state = 0; state < stateCount; state++) {
      for (const index of others) {
        const target = next[state * classCount + index] as number;
        if (seenFrom[target] === state) continue;
        seenFrom[target] = state;
        targets.push(target);
      }
      this.first[state + 1] = targets.length;
    }
    this.targets = Uint32Array.from(targets);
  }

  /**
   * The permissions that some name has which begins a component at the state: those of `here` at
   * the ends of names, and of `atSlash` at the beginnings of components.
   */
  some(here: Uint16Array, atSlash: Uint16Array = new Uint16Array(here.length)): Uint16Array {
    const { order, first, targets, afterSlash } = this;
    const inside = new Uint16Array(here.length);
    const begun = new Uint16Array(here.length);
    for (let changed = true; changed; ) {
      changed = false;
      for (const state of order) {
        let follows = 0;
        const end = first[state + 1] as number;
        for (let at = first[state] as number; at < end; at++)
          follows |= inside[targets[at] as number] as number;
        const beginning = follows | (atSlash[state] as number);
        const ends =
          follows | (here[state] as number) | (begun[afterSlash[state] as number] as number);
        changed ||= beginning !== begun[state] || ends !== inside[state];
        begun[state] = beginning;
        inside[state] = ends;
      }
    }
    return begun;
  }
}
