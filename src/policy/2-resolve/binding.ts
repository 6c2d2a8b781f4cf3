import type { Word } from "../1-parse/source.ts";

/**
 * The values of a name. `literal` text means itself. Other text is part of the policy: it may
 * contain variables, and within a pattern it is a pattern.
 */
export interface Binding {
  readonly literal: boolean;
  readonly values: readonly Word[];
}
