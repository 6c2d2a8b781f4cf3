import { allPermissions, type PermissionSet } from "../permission.ts";
import { Places } from "./follow.ts";
import type { Branch, Pattern, Token } from "./types.ts";

/**
 * The permissions for which `pattern` applies to the name: `/a/**` applies to `/a` except for
 * create and delete.
 */
export function coverage(pattern: Pattern, bytes: Uint8Array): PermissionSet {
  let covered = 0;
  for (const branch of pattern.branches) {
    if ((branch.mask & ~covered) !== 0 && branchMatches(branch, bytes)) covered |= branch.mask;
  }
  return covered;
}

/** For one of `permissions`; by default for any. */
export function matches(
  pattern: Pattern,
  bytes: Uint8Array,
  permissions: PermissionSet = allPermissions,
): boolean {
  return (coverage(pattern, bytes) & permissions) !== 0;
}

function branchMatches({ tokens }: Branch, bytes: Uint8Array): boolean {
  let literal = 0;
  while (tokens[literal]?.kind === "byte") {
    if ((tokens[literal] as Token & { kind: "byte" }).byte !== bytes[literal]) return false;
    literal++;
  }
  let reached = Places.after(tokens, literal);
  for (let at = literal; at < bytes.length; at++) {
    reached = reached.next(tokens, bytes[at] as number);
    if (reached.isStuck) return false;
  }
  return reached.has(tokens.length);
}
