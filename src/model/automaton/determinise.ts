import { SLASH } from "../pattern/byte-set.ts";
import type { ByteSet } from "../pattern/types.ts";
import { byteClasses, type Nfa } from "./nfa.ts";
import { type Subset, Subsets } from "./subsets.ts";
import type { Table } from "./table.ts";

/**
 * Sets of nodes become states. State 0 is the empty set. Throws AutomatonTooLarge.
 *
 * What a `**` at the end has allowed or denied stays so for every longer name. It is kept as two permission sets beside
 * the nodes, and nodes that could add nothing to them are left out: else each such pattern would double the states.
 */
export function determinise(nfa: Nfa): Table {
  const { classOf, count } = byteClasses(nfa);
  const classesOfSet = nfa.sets.map((set) => classesIn(set, classOf));
  const subsets = new Subsets(nfa, count);
  const start = subsets.stateOf([0], 0, 0);
  const slash = classOf[SLASH] as number;
  for (let state = 1; state < subsets.states.length; state++) {
    fillRow(nfa, subsets, state, { classOf, count, slash, classesOfSet });
  }
  const stateCount = subsets.states.length;
  return {
    classOf,
    classCount: count,
    start,
    stateCount,
    next: subsets.next.slice(0, stateCount * count),
    permissions: Uint16Array.from(subsets.states, ({ permissions }) => permissions),
  };
}

interface Classes {
  readonly classOf: Uint8Array;
  readonly count: number;
  readonly slash: number;
  readonly classesOfSet: readonly (readonly number[])[];
}

/** Most bytes lead where no child takes them: that target is found once, and only the taken classes one by one. */
function fillRow(nfa: Nfa, subsets: Subsets, state: number, classes: Classes): void {
  const { members, allow, deny } = subsets.states[state] as Subset;
  const everywhere: number[] = [];
  const taken = new Map<number, number[]>([[classes.slash, []]]);
  const take = (index: number, child: number) => {
    const list = taken.get(index);
    if (list === undefined) taken.set(index, [child]);
    else list.push(child);
  };
  const step = (child: number, takes: number | ByteSet) => {
    if (typeof takes === "number") take(classes.classOf[takes] as number, child);
    else for (const index of classesOf(nfa, classes, takes)) take(index, child);
  };
  for (const node of members) {
    const loop = nfa.loop(node);
    if (loop >= 0) everywhere.push(loop);
    for (const target of nfa.afterSlash(node)) take(classes.slash, target);
    nfa.steps(node, step);
  }
  const row = state * classes.count;
  const elsewhere = subsets.stateOf(everywhere, allow, deny);
  const targets: number[] = [];
  for (const [index, children] of taken) {
    const nodes = index === classes.slash || everywhere.length === 0 ? children : [...everywhere, ...children];
    targets.push(index, subsets.stateOf(nodes, allow, deny));
  }
  // Making states may have moved the table.
  subsets.next.fill(elsewhere, row, row + classes.count);
  for (let at = 0; at < targets.length; at += 2) {
    subsets.next[row + (targets[at] as number)] = targets[at + 1] as number;
  }
}

function classesOf(nfa: Nfa, classes: Classes, set: Uint8Array): readonly number[] {
  const known = nfa.sets.indexOf(set);
  return known >= 0 ? (classes.classesOfSet[known] as readonly number[]) : classesIn(set, classes.classOf);
}

function classesIn(set: Uint8Array, classOf: Uint8Array): number[] {
  return [...new Set(classOf.filter((_, byte) => set[byte] === 1))];
}
