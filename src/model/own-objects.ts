import { escapeName } from "./pattern.ts";
import { allPermissions, Permission, type PermissionSet } from "./permission.ts";
import type { NameRule, Source } from "./rule.ts";

/**
 * What belongs to Cofferdam is denied to every domain at every level (design rule 7). Such rules
 * are ordinary denies with this file in their source, by which `decide()` knows them.
 */
const OWN_OBJECTS_FILE = "cofferdam:own-objects";

/** What changes a file or the name it has. */
export const changing: PermissionSet =
  Permission.write |
  Permission.create |
  Permission.delete |
  Permission.attributes |
  Permission.listen;
/**
 * What could put another directory, or a symbolic link, where the way to one of our places leads.
 */
const leadingAstray =
  Permission.create | Permission.delete | Permission.attributes | Permission.listen;

/** Denies for these patterns, to be put beside the policy's own name rules. */
export function ownObjectRules(
  patterns: readonly string[],
  permissions: PermissionSet = allPermissions,
): readonly NameRule[] {
  return patterns.map((pattern) => ({
    effect: "deny",
    permissions,
    pattern,
    source: { file: OWN_OBJECTS_FILE, line: 1, column: 1, text: `deny ${pattern}` },
  }));
}

/**
 * Denies for Cofferdam's places, for what is `kept` (it may be read: the domain's policy files,
 * control groups), each with everything below, and for every directory on the way: one that is not
 * there yet could be planted, with a policy in it for the next start.
 */
export function ownRules(places: readonly string[], kept: readonly string[]): readonly NameRule[] {
  const ways = [...new Set([...places, ...kept].flatMap(waysTo))].sort();
  return [
    ...ownObjectRules(places.flatMap(withBelow)),
    ...ownObjectRules(kept.flatMap(withBelow), changing),
    ...ownObjectRules(ways.map(escapeName), leadingAstray),
  ];
}

function withBelow(path: string): readonly string[] {
  return [escapeName(path), `${escapeName(path)}/**`];
}

/** The directories above an absolute name, without the root. */
function waysTo(path: string): readonly string[] {
  const components = path.split("/").slice(1, -1);
  return components.map((_, depth) => `/${components.slice(0, depth + 1).join("/")}`);
}

export function isOwnObject(source: Source): boolean {
  return source.file === OWN_OBJECTS_FILE;
}
