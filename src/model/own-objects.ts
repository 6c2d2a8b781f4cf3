import { escapeName } from "./pattern.ts";
import { allPermissions, OF_THE_NAME, Permission, type PermissionSet } from "./permission.ts";
import type { NameRule, Source } from "./rule.ts";

/**
 * Cofferdam's own objects are denied to every domain at every level (design rule 7). Such rules are
 * ordinary denials with this file in their source, by which `decide()` recognises them.
 */
const OWN_OBJECTS_FILE = "cofferdam:own-objects";

/** Could replace a directory above one of Cofferdam's places by another one or by a link. */
const leadingAstray: PermissionSet = OF_THE_NAME | Permission.attributes;
export const changing: PermissionSet = leadingAstray | Permission.write;

/** To be put beside the policy's own name rules. */
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
 * Denials for Cofferdam's places and for what is `kept` (readable: the domain's policy files,
 * control groups), each with everything below. Every directory on the way is protected, too: the
 * domain could otherwise create a missing one, with a policy in it for the next start.
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

/** Without the root. */
function waysTo(path: string): readonly string[] {
  const components = path.split("/").slice(1, -1);
  return components.map((_, depth) => `/${components.slice(0, depth + 1).join("/")}`);
}

export function isOwnObject(source: Source): boolean {
  return source.file === OWN_OBJECTS_FILE;
}
