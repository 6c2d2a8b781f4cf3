import { AUTOMATON_NODES_MAX } from "../limits.ts";
import { SLASH } from "../pattern/byte-set.ts";
import type { Branch, ByteSet, Token } from "../pattern/types.ts";
import type { PermissionSet } from "../permission.ts";
import type { Effect } from "../rule.ts";
import { AutomatonTooLarge } from "./too-large.ts";

/** Labels of nodes: 0..255 a byte, the following four, then SET_LABEL + index of a byte set. */
const STAR = 256;
const GLOBSTAR = 257;
const TREE = 258;
const INSIDE = 259;
const ROOT = 260;
const SET_LABEL = 261;

/**
 * All branches of all rules as one tree of tokens; branches with the same beginning share it. A
 * node is reached by the token that labels it. A star node loops on what it matches. Each TREE node
 * has an INSIDE node beside it, which skips a component. Node 0 is the root.
 */
export class Nfa {
  readonly label: number[] = [ROOT];
  readonly firstChild: number[] = [-1];
  readonly nextSibling: number[] = [-1];
  readonly allow: PermissionSet[] = [0];
  readonly deny: PermissionSet[] = [0];
  readonly sets: ByteSet[] = [];
  /** What may still be allowed or denied from the node on; filled by `finish`. */
  private mayAllow: PermissionSet[] = [];
  private mayDeny: PermissionSet[] = [];
  private readonly closures: (readonly number[] | undefined)[] = [];
  private readonly setLabels = new Map<ByteSet | string, number>();

  add(branch: Branch, effect: Effect, permissions: PermissionSet): void {
    let node = 0;
    for (const token of branch.tokens) node = this.child(node, this.labelOf(token));
    const side = effect === "allow" ? this.allow : this.deny;
    side[node] = (side[node] as number) | (permissions & branch.mask);
  }

  /** Call once, after the last `add`. */
  finish(): void {
    this.mayAllow = [...this.allow];
    this.mayDeny = [...this.deny];
    for (let node = this.label.length - 1; node >= 0; node--) {
      for (
        let child = this.firstChild[node] as number;
        child >= 0;
        child = this.nextSibling[child] as number
      ) {
        this.mayAllow[node] = (this.mayAllow[node] as number) | (this.mayAllow[child] as number);
        this.mayDeny[node] = (this.mayDeny[node] as number) | (this.mayDeny[child] as number);
      }
      if (this.label[node] !== TREE) continue;
      this.mayAllow[this.inside(node)] = this.mayAllow[node] as number;
      this.mayDeny[this.inside(node)] = this.mayDeny[node] as number;
    }
  }

  /** A `**` at the end of a pattern also applies to every longer name. */
  isFinal(node: number): boolean {
    return this.label[node] === GLOBSTAR && (this.firstChild[node] as number) < 0;
  }

  /** Whether the node may still change a result that `allow` and `deny` do not determine. */
  canAdd(node: number, allow: PermissionSet, deny: PermissionSet): boolean {
    return (
      ((this.mayAllow[node] as number) & ~allow & ~deny) !== 0 ||
      ((this.mayDeny[node] as number) & ~deny) !== 0
    );
  }

  /**
   * `node` and the nodes reached without a byte. In a tree each is reached only once. Call after
   * `finish`.
   */
  closure(node: number): readonly number[] {
    const known = this.closures[node];
    if (known !== undefined) return known;
    const closed = [node];
    for (
      let child = this.firstChild[node] as number;
      child >= 0;
      child = this.nextSibling[child] as number
    ) {
      const label = this.label[child] as number;
      if (label === STAR || label === GLOBSTAR || label === TREE)
        closed.push(...this.closure(child));
    }
    this.closures[node] = closed;
    return closed;
  }

  inside(tree: number): number {
    return tree + 1;
  }

  /** The successor of `node` itself at every byte other than `/`: itself if it loops, else -1. */
  loop(node: number): number {
    const label = this.label[node] as number;
    return label === STAR || label === GLOBSTAR || label === INSIDE ? node : -1;
  }

  /** The successors of `node` itself at `/`, without its children: at most two. */
  afterSlash(node: number): readonly number[] {
    const label = this.label[node] as number;
    if (label === GLOBSTAR) return [node];
    return label === INSIDE ? [node, node - 1] : [];
  }

  /** Calls `take` for each child that consumes one byte, with the bytes that it accepts. */
  steps(node: number, take: (child: number, takes: number | ByteSet) => void): void {
    for (
      let child = this.firstChild[node] as number;
      child >= 0;
      child = this.nextSibling[child] as number
    ) {
      const label = this.label[child] as number;
      if (label < 256) take(child, label);
      else if (label >= SET_LABEL) take(child, this.sets[label - SET_LABEL] as ByteSet);
      else if (label === TREE) take(this.inside(child), everyByte);
    }
  }

  private child(parent: number, label: number): number {
    for (
      let child = this.firstChild[parent] as number;
      child >= 0;
      child = this.nextSibling[child] as number
    ) {
      if (this.label[child] === label) return child;
    }
    const node = this.node(label);
    this.nextSibling[node] = this.firstChild[parent] as number;
    this.firstChild[parent] = node;
    if (label === TREE) this.node(INSIDE);
    return node;
  }

  private node(label: number): number {
    if (this.label.length >= AUTOMATON_NODES_MAX)
      throw new AutomatonTooLarge("nodes", AUTOMATON_NODES_MAX);
    this.firstChild.push(-1);
    this.nextSibling.push(-1);
    this.allow.push(0);
    this.deny.push(0);
    return this.label.push(label) - 1;
  }

  private labelOf(token: Token): number {
    if (token.kind === "byte") return token.byte;
    if (token.kind === "star") return STAR;
    if (token.kind === "globstar") return GLOBSTAR;
    if (token.kind === "tree") return TREE;
    // Most sets are among a few that every pattern shares.
    const known = this.setLabels.get(token.members);
    if (known !== undefined) return known;
    const label = this.labelOfSet(token.members);
    this.setLabels.set(token.members, label);
    return label;
  }

  private labelOfSet(members: ByteSet): number {
    const key = members.join("");
    const label = this.setLabels.get(key) ?? SET_LABEL + this.sets.push(members) - 1;
    this.setLabels.set(key, label);
    return label;
  }
}

/** For a node within a skipped component; none of `sets`. */
export const everyByte: ByteSet = new Uint8Array(256).fill(1);

/**
 * Bytes that no node distinguishes share a class. `/` has one of its own. Classes are numbered by
 * their first byte.
 */
export function byteClasses(nfa: Nfa): { readonly classOf: Uint8Array; readonly count: number } {
  const alone = new Uint8Array(256);
  alone[SLASH] = 1;
  for (const label of nfa.label) if (label < 256) alone[label] = 1;
  const numbers = new Map<string, number>();
  const classOf = new Uint8Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let signature = "";
    if (alone[byte] === 1) signature = `=${byte}`;
    else for (const set of nfa.sets) signature += set[byte];
    const number = numbers.get(signature) ?? numbers.size;
    numbers.set(signature, number);
    classOf[byte] = number;
  }
  return { classOf, count: numbers.size };
}
