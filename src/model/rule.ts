import type { PermissionSet } from "./permission.ts";

export type Effect = "allow" | "deny";

/** For messages. Lines and columns count from 1, in characters. */
export interface Source {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Characters of the written rule, for messages that underline it. */
  readonly length?: number;
  /** The rule as it can be pasted back, e.g. `r /etc/nginx/**`. */
  readonly text: string;
  /**
   * When the rule ends by itself, milliseconds since boot (CLOCK_BOOTTIME): an exception's. Without
   * it the rule stays.
   */
  readonly until?: number;
}

/**
 * One pattern with the operations it allows or denies. Path patterns start with `/`; abstract
 * unix-socket names start with `@`. Syntax and matching: `pattern.ts`.
 */
export interface NameRule {
  readonly effect: Effect;
  readonly permissions: PermissionSet;
  readonly pattern: string;
  readonly source: Source;
}

export interface Network {
  readonly family: 4 | 6;
  readonly address: Uint8Array;
  readonly prefix: number;
}

export interface PortRange {
  readonly first: number;
  readonly last: number;
}

export interface TokenRule<T extends string = string> {
  readonly effect: Effect;
  readonly token: T;
  readonly source: Source;
}
