import { SLASH } from "../pattern/byte-set.ts";
import { Permission } from "../permission.ts";
import { postorder } from "./merge-forward.ts";
import type { Table } from "./table.ts";

const NAMES = Permission.create | Permission.delete;

/** One entry a state, each about the names strictly below the directory whose `DIR/` led there. */
export interface Analysis {
  readonly uniform: Uint16Array;
  readonly reachable: Uint16Array;
  readonly creatable: Uint16Array;
}

/**
 * Names go on by components that are not empty. So two things are known of a state: what holds from within a component
 * (the name may end here), and what holds at the beginning of one (at least one byte that is not `/` follows).
 * The second follows from the first, which is iterated to its fixpoint.
 */
export function analyse(table: Table): Analysis {
  const within = new Within(table);
  const { permissions } = table;
  const reachable = within.some(permissions);
  // What every name has is what none lacks.
  const uniform = within.some(permissions.map((set) => ~set)).map((lacked) => ~lacked);
  const own = reachable.map((set, state) => (set === uniform[state] ? set & NAMES : 0));
  const creatable = within.some(new Uint16Array(table.stateCount), own);
  return { uniform, reachable, creatable };
}

class Within {
  private readonly table: Table;
  private readonly slash: number;
  private readonly others: Uint8Array;
  private readonly order: Uint32Array;

  constructor(table: Table) {
    this.table = table;
    this.slash = table.classOf[SLASH] as number;
    this.others = Uint8Array.from(new Set(table.classOf.filter((_, byte) => byte !== SLASH)));
    this.order = postorder(table);
  }

  /** What some name has that begins a component at the state: of `here` where names end, of `atSlash` wherever a component begins. */
  some(here: Uint16Array, atSlash: Uint16Array = new Uint16Array(here.length)): Uint16Array {
    const { classCount, next, stateCount } = this.table;
    const { order, others, slash } = this;
    const inside = new Uint16Array(stateCount);
    const begun = new Uint16Array(stateCount);
    for (let changed = true; changed; ) {
      changed = false;
      for (const state of order) {
        const row = state * classCount;
        let follows = 0;
        for (const index of others) follows |= inside[next[row + index] as number] as number;
        const beginning = follows | (atSlash[state] as number);
        const ends = follows | (here[state] as number) | (begun[next[row + slash] as number] as number);
        changed ||= beginning !== begun[state] || ends !== inside[state];
        begun[state] = beginning;
        inside[state] = ends;
      }
    }
    return begun;
  }
}
