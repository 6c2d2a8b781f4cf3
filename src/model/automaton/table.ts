import type { PermissionSet } from "../permission.ts";

/**
 * A complete deterministic automaton as flat arrays. State 0 is dead: it grants nothing and leads
 * only to itself.
 */
export interface Table {
  /** 256 entries: byte to class. */
  readonly classOf: Uint8Array;
  readonly classCount: number;
  readonly start: number;
  readonly stateCount: number;
  /** stateCount * classCount entries: state * classCount + class to state. */
  readonly next: Uint32Array;
  /** stateCount entries. */
  readonly permissions: Uint16Array;
}

export function effective(allow: PermissionSet, deny: PermissionSet): PermissionSet {
  return allow & ~deny;
}
