import { bytesOfName } from "../name-bytes.ts";
import type { PermissionSet } from "../permission.ts";
import { type Analysis, analyse } from "./analysis.ts";
import type { Table } from "./table.ts";

/**
 * What is granted for a name, one step per byte, whatever the number of rules. Built by `build.ts`,
 * stored by `binary.ts`.
 *
 * `uniform`, `reachable`, `homogeneous` and `creatable` are about the names strictly below a
 * directory, for the state after `DIR/`. Whether DIR itself has a permission is
 * `permissions(walk(automaton, DIR))`.
 */
export class Automaton {
  readonly table: Table;
  readonly start: number;
  private analysis: Analysis | null = null;

  constructor(table: Table) {
    this.table = table;
    this.start = table.start;
  }

  step(state: number, byte: number): number {
    const { classCount, classOf, next } = this.table;
    return next[state * classCount + (classOf[byte] as number)] as number;
  }

  permissions(state: number): PermissionSet {
    return this.table.permissions[state] as number;
  }

  /** Nothing is granted here nor for any longer name. */
  dead(state: number): boolean {
    return state === 0;
  }

  /** Permissions that every name below has. */
  uniform(state: number): PermissionSet {
    return this.analysed().uniform[state] as number;
  }

  /** Permissions that some name below has. */
  reachable(state: number): PermissionSet {
    return this.analysed().reachable[state] as number;
  }

  /** All names below have the same permissions. */
  homogeneous(state: number): boolean {
    return this.uniform(state) === this.reachable(state);
  }

  /** Create and delete, if some homogeneous directory has them: this one or one below. */
  creatable(state: number): PermissionSet {
    return this.analysed().creatable[state] as number;
  }

  private analysed(): Analysis {
    this.analysis ??= analyse(this.table);
    return this.analysis;
  }
}

/** From `state` or the start. */
export function walk(
  automaton: Automaton,
  name: Uint8Array,
  state: number = automaton.start,
): number {
  const { classCount, classOf, next } = automaton.table;
  let at = state;
  for (const byte of name) at = next[at * classCount + (classOf[byte] as number)] as number;
  return at;
}

/**
 * For a name as text (`name-bytes.ts`). ASCII names, which nearly all are, need no conversion to
 * bytes.
 */
export function walkName(
  automaton: Automaton,
  name: string,
  state: number = automaton.start,
): number {
  const { classCount, classOf, next } = automaton.table;
  let at = state;
  for (let index = 0; index < name.length; index++) {
    const code = name.charCodeAt(index);
    if (code >= 0x80) return walk(automaton, bytesOfName(name), state);
    at = next[at * classCount + (classOf[code] as number)] as number;
  }
  return at;
}
