import { AUTOMATON_CELLS_MAX, AUTOMATON_STATES_MAX } from "../limits.ts";
import type { PermissionSet } from "../permission.ts";
import type { Nfa } from "./nfa.ts";
import { effective } from "./table.ts";
import { AutomatonTooLarge } from "./too-large.ts";

/** Nodes that a name may have reached, and what is determined for it and every longer name. */
export interface Subset {
  readonly members: readonly number[];
  readonly allow: PermissionSet;
  readonly deny: PermissionSet;
  readonly permissions: PermissionSet;
}

/** Equal subsets get one number. */
export class Subsets {
  readonly states: Subset[] = [{ members: [], allow: 0, deny: 0, permissions: 0 }];
  next: Uint32Array;
  private readonly numbers = new Map<string | number, number>();
  private readonly nfa: Nfa;
  private readonly classCount: number;

  constructor(nfa: Nfa, classCount: number) {
    this.nfa = nfa;
    this.classCount = classCount;
    this.next = new Uint32Array(classCount * 64);
  }

  /** The state of these nodes with their closure, and of what was determined before. */
  stateOf(
    nodes: readonly number[],
    settledAllow: PermissionSet,
    settledDeny: PermissionSet,
  ): number {
    if (nodes.length === 0 && settledAllow === 0) return 0;
    const { nfa } = this;
    const closed = nodes.length === 1 ? nfa.closure(nodes[0] as number) : this.union(nodes);
    let allow = settledAllow;
    let deny = settledDeny;
    for (const node of closed) {
      if (!nfa.isFinal(node)) continue;
      allow |= nfa.allow[node] as number;
      deny |= nfa.deny[node] as number;
    }
    allow = effective(allow, deny);
    const members = closed.filter((node) => !nfa.isFinal(node) && nfa.canAdd(node, allow, deny));
    if (members.length === 0 && allow === 0) return 0;
    if (members.length > 1) members.sort((a, b) => a - b);
    const key = keyOf(members, allow, deny);
    return this.numbers.get(key) ?? this.newState(key, members, allow, deny);
  }

  private union(nodes: readonly number[]): readonly number[] {
    const closed = new Set<number>();
    for (const node of nodes) for (const reached of this.nfa.closure(node)) closed.add(reached);
    return [...closed];
  }

  private newState(
    key: string | number,
    members: readonly number[],
    allow: PermissionSet,
    deny: PermissionSet,
  ): number {
    const state = this.states.length;
    if (state >= AUTOMATON_STATES_MAX) throw new AutomatonTooLarge("states", AUTOMATON_STATES_MAX);
    if ((state + 1) * this.classCount > AUTOMATON_CELLS_MAX)
      throw new AutomatonTooLarge("cells", AUTOMATON_CELLS_MAX);
    let allowed = allow;
    let denied = deny;
    for (const node of members) {
      allowed |= this.nfa.allow[node] as number;
      denied |= this.nfa.deny[node] as number;
    }
    this.numbers.set(key, state);
    this.states.push({ members, allow, deny, permissions: effective(allowed, denied) });
    if ((state + 1) * this.classCount > this.next.length) this.grow();
    return state;
  }

  private grow(): void {
    const larger = new Uint32Array(this.next.length * 2);
    larger.set(this.next);
    this.next = larger;
  }
}

/** A key for a single node: most states are those of a plain path. */
function keyOf(
  members: readonly number[],
  allow: PermissionSet,
  deny: PermissionSet,
): string | number {
  const [first] = members;
  if (first !== undefined && members.length === 1 && allow === 0 && deny === 0) return first;
  let key = String.fromCharCode(allow, deny);
  for (const node of members) key += String.fromCharCode(node & 0xffff, node >>> 16);
  return key;
}
