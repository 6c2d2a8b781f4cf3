import type { PermissionSet } from "../permission.ts";

export interface Pattern {
  readonly text: string;
  /** Braces expanded; the pattern covers what any branch covers. */
  readonly branches: readonly Branch[];
  readonly alternatives: readonly Alternative[];
}

export interface Alternative {
  readonly atoms: readonly Atom[];
}

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
 * One token of the written pattern. `text` is its spelling, `offset` its position (UTF-16 units
 * from 0).
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

/** `offset` counts UTF-16 units from 0 within the pattern. */
export interface PatternProblem {
  readonly code: PatternProblemCode;
  readonly offset: number;
  readonly message: string;
}

export type ParsedPattern = { readonly pattern: Pattern } | { readonly problem: PatternProblem };

/** Carries a problem from within the parser to `parsePattern`, which catches it. */
export class PatternRefusal extends Error {
  readonly problem: PatternProblem;
  constructor(code: PatternProblemCode, offset: number, message: string) {
    super(message);
    this.problem = { code, offset, message };
  }
}
