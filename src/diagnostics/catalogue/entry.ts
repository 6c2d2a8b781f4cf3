import type { Severity } from "../diagnostic.ts";

/**
 * One kind of diagnostic. `message` and `fix` are templates: `{name}` stands for a value given to
 * `diagnose()`.
 */
export interface CatalogueEntry {
  readonly code: `CFD${string}`;
  readonly severity: Severity;
  /** For the reference page. */
  readonly title: string;
  readonly message: string;
  /** The help line, unless a near miss is known: then "did you mean" takes its place. */
  readonly fix: string;
  readonly explanation: string;
  /** What provokes it, as one would write it (or type it). */
  readonly example: string;
}
