/**
 * A finding about a policy, as a record. The folder `src/diagnostics/` holds the catalogue of
 * codes, the constructor (`diagnose.ts`) and the renderer; it knows no policy.
 */
export interface Diagnostic extends Span {
  /** Never changes: `CFD` and four digits, explained in `docs/diagnostics.md`. */
  readonly code: string;
  readonly severity: Severity;
  /** One sentence, lower case, no final stop, user text in backticks. */
  readonly message: string;
  readonly help: string;
}

/**
 * An `error` prevents the policy's use. A `warning` should be acted on. An `info` states a price or
 * a fact.
 */
export type Severity = "error" | "warning" | "info";

/**
 * A part of one line. Line and column count from 1; column and length count characters (code
 * points).
 */
export interface Span {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly length: number;
}

/** Takes diagnostics while a stage works; every stage reports all that it finds. */
export type Report = (diagnostic: Diagnostic) => void;

/** For a diagnostic about the file as a whole. */
export function startOf(file: string): Span {
  return { file, line: 1, column: 1, length: 0 };
}

export function hasError(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((diagnostic) => diagnostic.severity === "error");
}
