import { AUTOMATON_CELLS_MAX, AUTOMATON_STATES_MAX } from "../limits.ts";
import { SLASH } from "../pattern/byte-set.ts";
import { byteClasses, type Nfa } from "./nfa.ts";
import { effective, type Table } from "./table.ts";
import { AutomatonTooLarge } from "./too-large.ts";

/** Sets of nodes become states. State 0 is the empty set. Throws AutomatonTooLarge. */
export function determinise(nfa: Nfa): Table {
  const { classOf, count } = byteClasses(nfa);
  const classesOfSet = nfa.sets.map((set) => classesIn(set, classOf));
  const subsets = new Subsets(nfa, count);
  const start = subsets.stateOf([0]);
  const slash = classOf[SLASH] as number;
  for (let state = 1; state < subsets.members.length; state++) {
    fillRow(nfa, subsets, state, { classOf, count, slash, classesOfSet });
  }
  const stateCount = subsets.members.length;
  return {
    classOf,
    classCount: count,
    start,
    stateCount,
    next: subsets.next.slice(0, stateCount * count),
    permissions: Uint16Array.from(subsets.permissions),
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
  const everywhere: number[] = [];
  const taken = new Map<number, number[]>([[classes.slash, []]]);
  const take = (index: number, child: number) => {
    const list = taken.get(index);
    if (list === undefined) taken.set(index, [child]);
    else list.push(child);
  };
  for (const node of subsets.members[state] as readonly number[]) {
    const loop = nfa.loop(node);
    if (loop >= 0) everywhere.push(loop);
    for (const target of nfa.afterSlash(node)) take(classes.slash, target);
    for (const { child, takes } of nfa.steps(node)) {
      if (typeof takes === "number") take(classes.classOf[takes] as number, child);
      else for (const index of classesOf(nfa, classes, takes)) take(index, child);
    }
  }
  const row = state * classes.count;
  const common = subsets.stateOf(everywhere);
  const targets: number[] = new Array(classes.count).fill(common);
  for (const [index, children] of taken) {
    targets[index] = subsets.stateOf(index === classes.slash ? children : [...everywhere, ...children]);
  }
  subsets.next.set(targets, row);
}

function classesOf(nfa: Nfa, classes: Classes, set: Uint8Array): readonly number[] {
  const known = nfa.sets.indexOf(set);
  return known >= 0 ? (classes.classesOfSet[known] as readonly number[]) : classesIn(set, classes.classOf);
}

function classesIn(set: Uint8Array, classOf: Uint8Array): number[] {
  return [...new Set(classOf.filter((_, byte) => set[byte] === 1))];
}

class Subsets {
  readonly members: (readonly number[])[] = [[]];
  readonly permissions: number[] = [0];
  next: Uint32Array;
  private readonly states = new Map<string, number>([["", 0]]);
  private readonly nfa: Nfa;
  private readonly classCount: number;

  constructor(nfa: Nfa, classCount: number) {
    this.nfa = nfa;
    this.classCount = classCount;
    this.next = new Uint32Array(classCount * 64);
  }

  /** The state for these nodes and what they reach without a byte. */
  stateOf(nodes: readonly number[]): number {
    if (nodes.length === 0) return 0;
    const closed = new Set<number>();
    for (const node of nodes) this.nfa.close(node, closed);
    const members = [...closed].sort((a, b) => a - b);
    const key = String.fromCharCode(...members.flatMap((node) => [node & 0xffff, node >>> 16]));
    const known = this.states.get(key);
    if (known !== undefined) return known;
    return this.newState(key, members);
  }

  private newState(key: string, members: readonly number[]): number {
    const state = this.members.length;
    if (state >= AUTOMATON_STATES_MAX) throw new AutomatonTooLarge("states", AUTOMATON_STATES_MAX);
    if ((state + 1) * this.classCount > AUTOMATON_CELLS_MAX) throw new AutomatonTooLarge("cells", AUTOMATON_CELLS_MAX);
    this.states.set(key, state);
    this.members.push(members);
    let allow = 0;
    let deny = 0;
    for (const node of members) {
      allow |= this.nfa.allow[node] as number;
      deny |= this.nfa.deny[node] as number;
    }
    this.permissions.push(effective(allow, deny));
    if ((state + 1) * this.classCount > this.next.length) this.grow();
    return state;
  }

  private grow(): void {
    const larger = new Uint32Array(this.next.length * 2);
    larger.set(this.next);
    this.next = larger;
  }
}
