import type { PermissionSet } from "../permission.ts";

/** A pattern that was understood. */
export interface Pattern {
  /** As written. */
  readonly text: string;
  /** Braces expanded; a name is covered by the union of the branches. */
  readonly branches: readonly Branch[];
  /** The text of each alternative of the braces, without braces. */
  readonly alternatives: readonly Alternative[];
}

export interface Alternative {
  readonly atoms: readonly Atom[];
}

/** A flat pattern, and the permissions for which it speaks. */
export interface Branch {
  readonly tokens: readonly Token[];
  readonly mask: PermissionSet;
}

/**
 * What the matcher and the automaton know. `tree` is zero or more whole components, each with its
 * `/`.
 */
export type Token =
  | { readonly kind: "byte"; readonly byte: number }
  | { readonly kind: "set"; readonly members: ByteSet }
  | { readonly kind: "star" }
  | { readonly kind: "globstar" }
  | { readonly kind: "tree" };

/** 256 entries, 1 for a member. */
export type ByteSet = Uint8Array;

/**
 * One sign of the written pattern; `text` is how it was written, `offset` where (UTF-16 units from
 * 0).
 */
export type Atom = { readonly offset: number; readonly text: string } & (
  | { readonly kind: "byte"; readonly byte: number }
  | { readonly kind: "set"; readonly members: ByteSet }
  | { readonly kind: "star" }
  | { readonly kind: "globstar" }
);

export interface Choice {
  readonly kind: "choice";
  readonly offset: number;
  readonly alternatives: readonly (readonly Lexeme[])[];
}

export type Lexeme = Atom | Choice;

export type PatternProblemCode =
  | "pattern-empty"
  | "pattern-start"
  | "pattern-too-long"
  | "pattern-control-character"
  | "pattern-unbalanced"
  | "pattern-empty-alternative"
  | "pattern-too-many-alternatives"
  | "pattern-too-deep"
  | "pattern-escape"
  | "pattern-class"
  | "pattern-double-slash"
  | "pattern-dot-component"
  | "pattern-trailing-slash"
  | "pattern-stars";

/** Why a pattern was not understood. `offset` counts UTF-16 units from 0 within the pattern. */
export interface PatternProblem {
  readonly code: PatternProblemCode;
  readonly offset: number;
  readonly message: string;
}

export type ParsedPattern = { readonly pattern: Pattern } | { readonly problem: PatternProblem };

/** Carries a problem from the depth of the parser to `parsePattern`, which never lets it out. */
export class PatternRefusal extends Error {
  readonly problem: PatternProblem;
  constructor(code: PatternProblemCode, offset: number, message: string) {
    super(message);
    this.problem = { code, offset, message };
  }
}
