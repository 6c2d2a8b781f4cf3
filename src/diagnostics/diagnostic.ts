/**
 * What can be said about a policy: the record, and nothing that makes or shows it. The folder
 * `src/diagnostics/` holds the catalogue of codes, the constructor (`diagnose.ts`) and the
 * renderer; it knows no policy.
 */
export interface Diagnostic extends Span {
  /** Stable, `CFD` and four digits; explained in `docs/diagnostics.md`. */
  readonly code: string;
  readonly severity: Severity;
  /** One sentence, lower case, no final stop, user text in backticks. */
  readonly message: string;
  /** What to do about it. */
  readonly help: string;
}

/**
 * An `error` keeps the policy from being used; a `warning` deserves an answer; an `info` states a
 * price or a fact.
 */
export type Severity = "error" | "warning" | "info";

/**
 * A stretch of one line of a file. Line and column count from 1, column and length in characters
 * (code points).
 */
export interface Span {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly length: number;
}

/** Where diagnostics go while a stage works; every stage reports all it finds. */
export type Report = (diagnostic: Diagnostic) => void;

/** The beginning of a file, for what concerns the file as a whole. */
export function startOf(file: string): Span {
  return { file, line: 1, column: 1, length: 0 };
}

export function hasError(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((diagnostic) => diagnostic.severity === "error");
}
