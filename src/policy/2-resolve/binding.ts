import type { Word } from "../1-parse/source.ts";

/**
 * The values of a name. `literal` text means itself; other text is part of the policy, may name
 * variables, and is a pattern in a pattern.
 */
export interface Binding {
  readonly literal: boolean;
  readonly values: readonly Word[];
}
