import type { Table } from "./table.ts";

/**
 * Which states mean the same: Hopcroft's refinement ("An n log n algorithm for minimizing states in a finite automaton",
 * 1971). Returns a representative state for each state.
 *
 * States that can grant nothing are one group from the start, and that group never splits and is left out as a splitter;
 * so only edges between live states are kept, few beside the full table.
 */
export function partition(table: Table): Int32Array {
  const groups = new Groups(table.stateCount, initialKeys(table));
  const edges = reverseEdges(table, groups);
  const work = new Set<number>();
  for (let group = 0; group < groups.count; group++) if (group !== groups.of[0]) work.add(group);
  for (const splitter of work) {
    work.delete(splitter);
    const members = groups.members(splitter);
    for (let index = 0; index < table.classCount; index++) {
      splitBy(groups, edges, members, index, work);
    }
  }
  return groups.representatives();
}

/** Live states by what they grant; -1 for states from which nothing is ever granted. */
function initialKeys(table: Table): Int32Array {
  const { classCount, next, permissions, stateCount } = table;
  const keys = Int32Array.from(permissions);
  const live = new Uint8Array(stateCount);
  const sources: number[][] = Array.from({ length: stateCount }, () => []);
  for (let state = 0; state < stateCount; state++) {
    let last = -1;
    for (let index = 0; index < classCount; index++) {
      const target = next[state * classCount + index] as number;
      if (target !== last && target !== state) (sources[target] as number[]).push(state);
      last = target;
    }
  }
  const queue = [...permissions.keys()].filter((state) => permissions[state] !== 0);
  for (const state of queue) live[state] = 1;
  for (let at = 0; at < queue.length; at++) {
    for (const source of sources[queue[at] as number] as number[]) {
      if (live[source] === 1) continue;
      live[source] = 1;
      queue.push(source);
    }
  }
  for (let state = 0; state < stateCount; state++) if (live[state] === 0) keys[state] = -1;
  return keys;
}

/** For each class and state the live states that lead there: compressed rows, `first[class * stateCount + state]`. */
interface Edges {
  readonly stateCount: number;
  readonly first: Uint32Array;
  readonly sources: Uint32Array;
}

function reverseEdges({ classCount, next, stateCount }: Table, groups: Groups): Edges {
  const dead = groups.of[0] as number;
  const first = new Uint32Array(classCount * stateCount + 1);
  const each = (visit: (slot: number, source: number) => void) => {
    for (let state = 0; state < stateCount; state++) {
      if (groups.of[state] === dead) continue;
      for (let index = 0; index < classCount; index++) {
        const target = next[state * classCount + index] as number;
        if (groups.of[target] !== dead) visit(index * stateCount + target, state);
      }
    }
  };
  each((slot) => {
    first[slot + 1] = (first[slot + 1] as number) + 1;
  });
  for (let slot = 1; slot < first.length; slot++) first[slot] = (first[slot] as number) + (first[slot - 1] as number);
  const sources = new Uint32Array(first[first.length - 1] as number);
  const filled = first.slice();
  each((slot, source) => {
    sources[filled[slot] as number] = source;
    filled[slot] = (filled[slot] as number) + 1;
  });
  return { stateCount, first, sources };
}

function splitBy(groups: Groups, edges: Edges, members: Uint32Array, index: number, work: Set<number>): void {
  let touched: Set<number> | null = null;
  for (const member of members) {
    const slot = index * edges.stateCount + member;
    const end = edges.first[slot + 1] as number;
    for (let at = edges.first[slot] as number; at < end; at++) {
      const source = edges.sources[at] as number;
      touched ??= new Set();
      touched.add(groups.of[source] as number);
      groups.mark(source);
    }
  }
  for (const group of touched ?? []) {
    const fresh = groups.split(group);
    if (fresh < 0) continue;
    // Where the old group still waits both halves must; else the smaller one does.
    if (work.has(group) || groups.size(fresh) <= groups.size(group)) work.add(fresh);
    else work.add(group);
  }
}

/** A partition as one array of states in which each group is a run, marked members first. */
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
    this.states = Uint32Array.from(keys.keys()).sort((a, b) => (keys[a] as number) - (keys[b] as number) || a - b);
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

  mark(state: number): void {
    const group = this.of[state] as number;
    const border = this.marked[group] as number;
    const at = this.position[state] as number;
    if (at < border) return;
    const other = this.states[border] as number;
    this.states[border] = state;
    this.states[at] = other;
    this.position[state] = border;
    this.position[other] = at;
    this.marked[group] = border + 1;
  }

  /** The marked members become a group of their own, whose number is returned; -1 when all are marked. */
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
