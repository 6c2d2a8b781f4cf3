import { SLASH } from "../pattern/byte-set.ts";
import { Permission, type PermissionSet } from "../permission.ts";
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
  const some = within.fixpoint(
    0,
    (a, b) => a | b,
    (state) => table.permissions[state] as number,
  );
  const every = within.fixpoint(
    0xffff,
    (a, b) => a & b,
    (state) => table.permissions[state] as number,
  );
  const own = Uint16Array.from(some, (reachable, state) => {
    const uniform = every[state] as number;
    return reachable === uniform ? uniform & NAMES : 0;
  });
  const creatable = within.fixpoint(
    0,
    (a, b) => a | b,
    () => 0,
    own,
  );
  return { uniform: every, reachable: some, creatable };
}

type Join = (a: PermissionSet, b: PermissionSet) => PermissionSet;

class Within {
  private readonly table: Table;
  private readonly slash: number;
  private readonly others: readonly number[];
  private readonly order: Uint32Array;

  constructor(table: Table) {
    this.table = table;
    this.slash = table.classOf[SLASH] as number;
    this.others = [...new Set(table.classOf.filter((_, byte) => byte !== SLASH))];
    this.order = postorder(table);
  }

  /** `begun`: joined over every name that begins a component at the state. `atSlash` is joined in wherever one begins. */
  fixpoint(initial: number, join: Join, here: (state: number) => number, atSlash?: Uint16Array): Uint16Array {
    const { classCount, next, stateCount } = this.table;
    const inside = new Uint16Array(stateCount).fill(initial);
    const begun = new Uint16Array(stateCount).fill(initial);
    for (let changed = true; changed; ) {
      changed = false;
      for (const state of this.order) {
        const row = state * classCount;
        let follows = initial;
        for (const index of this.others) follows = join(follows, inside[next[row + index] as number] as number);
        const beginning = atSlash === undefined ? follows : join(follows, atSlash[state] as number);
        const ends = join(join(here(state), follows), begun[next[row + this.slash] as number] as number);
        changed ||= beginning !== begun[state] || ends !== inside[state];
        begun[state] = beginning;
        inside[state] = ends;
      }
    }
    return begun;
  }
}
