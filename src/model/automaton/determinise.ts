import { SLASH } from "../pattern/byte-set.ts";
import type { ByteSet } from "../pattern/types.ts";
import type { PermissionSet } from "../permission.ts";
import { byteClasses, everyByte, type Nfa } from "./nfa.ts";
import { type Subset, Subsets } from "./subsets.ts";
import type { Table } from "./table.ts";

/**
 * Subset construction; state 0 is the empty set. Throws AutomatonTooLarge.
 *
 * What a final `**` allows or denies holds for every longer name. It is kept as two permission sets
 * beside the nodes, and nodes that could add nothing to them are dropped. Otherwise each such
 * pattern would double the states.
 */
export function determinise(nfa: Nfa): Table {
  const rows = new Rows(nfa);
  const { subsets, classOf, count } = rows;
  for (let state = 1; state < subsets.states.length; state++) rows.fill(state);
  const stateCount = subsets.states.length;
  return {
    classOf,
    classCount: count,
    start: rows.start,
    stateCount,
    next: subsets.next.slice(0, stateCount * count),
    permissions: Uint16Array.from(subsets.states, ({ permissions }) => permissions),
  };
}

/** Makes only the states on the way of the names that are looked up. Throws AutomatonTooLarge. */
export function walkLazily(nfa: Nfa): (name: Uint8Array) => PermissionSet {
  const rows = new Rows(nfa);
  const filled = new Set([0]);
  return (name) => {
    let state = rows.start;
    for (const byte of name) {
      if (!filled.has(state)) rows.fill(state);
      filled.add(state);
      state = rows.subsets.next[state * rows.count + (rows.classOf[byte] as number)] as number;
    }
    return (rows.subsets.states[state] as Subset).permissions;
  };
}

/** The transition table under construction. */
class Rows {
  readonly classOf: Uint8Array;
  readonly count: number;
  readonly subsets: Subsets;
  readonly start: number;
  private readonly nfa: Nfa;
  private readonly slash: number;
  private readonly classesOfSet: ReadonlyMap<ByteSet, readonly number[]>;
  /** Children by class, for the current state. `taken` lists the classes with children. */
  private readonly children: number[][];
  private readonly taken: number[] = [];

  constructor(nfa: Nfa) {
    const { classOf, count } = byteClasses(nfa);
    this.nfa = nfa;
    this.classOf = classOf;
    this.count = count;
    this.slash = classOf[SLASH] as number;
    this.classesOfSet = new Map(
      [...nfa.sets, everyByte].map((set) => [set, classesIn(set, classOf)]),
    );
    this.children = Array.from({ length: count }, () => []);
    this.subsets = new Subsets(nfa, count);
    this.start = this.subsets.stateOf([0], 0, 0);
  }

  /**
   * Most bytes lead where no child takes them. That target is computed once, and only the taken
   * classes one by one.
   */
  fill(state: number): void {
    const { nfa, subsets, children, taken } = this;
    const { members, allow, deny } = subsets.states[state] as Subset;
    const everywhere: number[] = [];
    for (const node of members) {
      const loop = nfa.loop(node);
      if (loop >= 0) everywhere.push(loop);
      for (const target of nfa.afterSlash(node)) this.take(this.slash, target);
      nfa.steps(node, (child, takes) => this.step(child, takes));
    }
    const elsewhere = subsets.stateOf(everywhere, allow, deny);
    // A node that loops does not continue after `/`.
    if (everywhere.length > 0 && (children[this.slash] as number[]).length === 0)
      taken.push(this.slash);
    const targets = taken.map((index) => {
      const nodes = children[index] as readonly number[];
      return subsets.stateOf(index === this.slash ? nodes : [...everywhere, ...nodes], allow, deny);
    });
    // Making states may have moved the table.
    const row = state * this.count;
    subsets.next.fill(elsewhere, row, row + this.count);
    taken.forEach((index, at) => {
      subsets.next[row + index] = targets[at] as number;
      (children[index] as number[]).length = 0;
    });
    taken.length = 0;
  }

  private step(child: number, takes: number | ByteSet): void {
    if (typeof takes === "number") this.take(this.classOf[takes] as number, child);
    else
      for (const index of this.classesOfSet.get(takes) as readonly number[])
        this.take(index, child);
  }

  private take(index: number, child: number): void {
    if ((this.children[index] as number[]).push(child) === 1) this.taken.push(index);
  }
}

function classesIn(set: ByteSet, classOf: Uint8Array): readonly number[] {
  return [...new Set(classOf.filter((_, byte) => set[byte] === 1))];
}
