import type { Severity } from "../diagnostic.ts";

/**
 * One kind of diagnostic. In `message` and `fix`, `{name}` stands for a value that `diagnose()`
 * gets.
 */
export interface CatalogueEntry {
  readonly code: `CFD${string}`;
  readonly severity: Severity;
  /** For the reference page. */
  readonly title: string;
  readonly message: string;
  /** The help line; if a similar word is known, "did you mean" takes its place. */
  readonly fix: string;
  readonly explanation: string;
  /** A policy, or a command, that provokes it. */
  readonly example: string;
}
