import { allPermissions } from "./permission.ts";
import type { NameRule, Source } from "./policy.ts";

/**
 * What belongs to Cofferdam is denied to every domain at every level (design rule 7). Such rules are ordinary denies
 * with this file in their source, by which `decide()` knows them.
 */
export const OWN_OBJECTS_FILE = "cofferdam:own-objects";

/** Denies for these patterns, to be put beside the policy's own name rules. */
export function ownObjectRules(patterns: readonly string[]): readonly NameRule[] {
  return patterns.map((pattern) => ({
    effect: "deny",
    permissions: allPermissions,
    pattern,
    source: { file: OWN_OBJECTS_FILE, line: 1, column: 1, text: `deny ${pattern}` },
  }));
}

export function isOwnObject(source: Source): boolean {
  return source.file === OWN_OBJECTS_FILE;
}
