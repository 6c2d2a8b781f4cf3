import { postorder } from "./merge-forward.ts";
import type { Table } from "./table.ts";

/**
 * Groups equal states by Hopcroft's refinement ("An n log n algorithm for minimizing states in a
 * finite automaton", 1971). Returns a representative state for each state.
 *
 * States that can grant nothing form one group from the start. That group never splits and is never
 * a splitter, so only edges between live states are kept, far fewer than the full table has.
 */
export function partition(table: Table): Int32Array {
  const groups = new Groups(table.stateCount, initialKeys(table));
  const edges = reverseEdges(table, groups);
  const work = new Set<number>();
  for (let group = 0; group < groups.count; group++) if (group !== groups.of[0]) work.add(group);
  /** Sources of transitions into the splitter's members, by class; emptied after use. */
  const sources: number[][] = Array.from({ length: table.classCount }, () => []);
  for (const splitter of work) {
    work.delete(splitter);
    for (const index of gather(edges, groups.members(splitter), sources)) {
      splitBy(groups, sources[index] as number[], work);
      (sources[index] as number[]).length = 0;
    }
  }
  return groups.representatives();
}

/** Live states by what they grant; -1 for states from which nothing is ever granted. */
function initialKeys(table: Table): Int32Array {
  const { classCount, next, permissions, stateCount } = table;
  const live = Uint8Array.from(permissions, (set) => (set === 0 ? 0 : 1));
  const order = postorder(table);
  for (let changed = true; changed; ) {
    changed = false;
    for (const state of order) {
      if (live[state] === 1) continue;
      let cell = state * classCount;
      const end = cell + classCount;
      while (cell < end && live[next[cell] as number] === 0) cell++;
      if (cell === end) continue;
      live[state] = 1;
      changed = true;
    }
  }
  return Int32Array.from({ length: stateCount }, (_, state) =>
    live[state] === 1 ? (permissions[state] as number) : -1,
  );
}

/**
 * For each state its live predecessors and the classes of those transitions: from `first[state]` up
 * to `first[state + 1]`.
 */
interface Edges {
  readonly first: Uint32Array;
  readonly sources: Uint32Array;
  readonly classes: Uint8Array;
}

function reverseEdges({ classCount, next, stateCount }: Table, groups: Groups): Edges {
  const dead = groups.of[0] as number;
  const first = new Uint32Array(stateCount + 1);
  for (let state = 0; state < stateCount; state++) {
    if (groups.of[state] === dead) continue;
    for (let cell = state * classCount; cell < (state + 1) * classCount; cell++) {
      const target = next[cell] as number;
      if (groups.of[target] !== dead) first[target + 1] = (first[target + 1] as number) + 1;
    }
  }
  for (let slot = 1; slot < first.length; slot++)
    first[slot] = (first[slot] as number) + (first[slot - 1] as number);
  const sources = new Uint32Array(first[stateCount] as number);
  const classes = new Uint8Array(sources.length);
  const filled = first.slice();
  for (let state = 0; state < stateCount; state++) {
    if (groups.of[state] === dead) continue;
    for (let index = 0; index < classCount; index++) {
      const target = next[state * classCount + index] as number;
      if (groups.of[target] === dead) continue;
      const at = filled[target] as number;
      sources[at] = state;
      classes[at] = index;
      filled[target] = at + 1;
    }
  }
  return { first, sources, classes };
}

/** Returns the classes of transitions into the members; their sources are put into `sources`. */
function gather(
  edges: Edges,
  members: Uint32Array,
  sources: readonly number[][],
): readonly number[] {
  const classes: number[] = [];
  for (const member of members) {
    const end = edges.first[member + 1] as number;
    for (let at = edges.first[member] as number; at < end; at++) {
      const index = edges.classes[at] as number;
      const list = sources[index] as number[];
      if (list.push(edges.sources[at] as number) === 1) classes.push(index);
    }
  }
  return classes;
}

function splitBy(groups: Groups, sources: readonly number[], work: Set<number>): void {
  const touched: number[] = [];
  for (const source of sources) if (groups.mark(source)) touched.push(groups.of[source] as number);
  for (const group of touched) {
    const fresh = groups.split(group);
    if (fresh < 0) continue;
    // If the old group is still queued, both halves must be; otherwise the smaller one is enough.
    if (work.has(group) || groups.size(fresh) <= groups.size(group)) work.add(fresh);
    else work.add(group);
  }
}

/** One array of states in which each group is contiguous, marked members first. */
class Groups {
  readonly of: Int32Array;
  count = 0;
  private readonly states: Uint32Array;
  private readonly position: Uint32Array;
  private readonly begin: number[] = [];
  private readonly end: number[] = [];
  private readonly marked: number[] = [];

  constructor(stateCount: number, keys: Int32Array) {
    this.of = new Int32Array(stateCount);
    this.position = new Uint32Array(stateCount);
    this.states = Uint32Array.from(keys.keys()).sort(
      (a, b) => (keys[a] as number) - (keys[b] as number) || a - b,
    );
    for (let at = 0; at < stateCount; at++) {
      const state = this.states[at] as number;
      if (at === 0 || keys[state] !== keys[this.states[at - 1] as number]) this.open(at);
      this.end[this.count - 1] = at + 1;
      this.of[state] = this.count - 1;
      this.position[state] = at;
    }
  }

  members(group: number): Uint32Array {
    return this.states.slice(this.begin[group] as number, this.end[group] as number);
  }

  size(group: number): number {
    return (this.end[group] as number) - (this.begin[group] as number);
  }

  /** True for the first marked member of its group. */
  mark(state: number): boolean {
    const group = this.of[state] as number;
    const border = this.marked[group] as number;
    const at = this.position[state] as number;
    if (at < border) return false;
    const other = this.states[border] as number;
    this.states[border] = state;
    this.states[at] = other;
    this.position[state] = border;
    this.position[other] = at;
    this.marked[group] = border + 1;
    return border === this.begin[group];
  }

  /** Makes the marked members a group of their own. Returns its number, or -1 if all are marked. */
  split(group: number): number {
    const border = this.marked[group] as number;
    const begin = this.begin[group] as number;
    this.marked[group] = begin;
    if (border === this.end[group] || border === begin) return -1;
    this.open(begin);
    const fresh = this.count - 1;
    this.end[fresh] = border;
    this.begin[group] = border;
    this.marked[group] = border;
    for (let at = begin; at < border; at++) this.of[this.states[at] as number] = fresh;
    return fresh;
  }

  representatives(): Int32Array {
    return this.of.map((group) => this.states[this.begin[group] as number] as number);
  }

  private open(at: number): void {
    this.begin.push(at);
    this.end.push(at);
    this.marked.push(at);
    this.count++;
  }
}
