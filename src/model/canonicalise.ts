import { answeredOnce } from "../base/answered-once.ts";
import { namesAsked } from "./automaton/build.ts";
import { type Doubt, Rewriting, type Unfollowed } from "./canonicalise/canonical-rules.ts";
import { Permission, type PermissionSet } from "./permission.ts";
import type { NameRule } from "./rule.ts";
import type { Snapshot } from "./snapshot.ts";

export type { Unfollowed } from "./canonicalise/canonical-rules.ts";

export interface Canonicalised {
  readonly rules: readonly NameRule[];
  /** Plain names as written and where their links lead, sorted, each once. */
  readonly resolved: readonly { readonly written: string; readonly canonical: string }[];
  readonly unfollowed: readonly Unfollowed[];
  /** Links that were followed and that only root or the caller may make, sorted. */
  readonly followed: readonly string[];
}

/**
 * Rewrites patterns through the symbolic links of the snapshot, because every check sees canonical
 * names. A pattern without wildcards is rewritten as a whole, any other one in its plain leading
 * directory.
 *
 * No grant follows a link that the domain itself may create, or put in place by renaming a
 * directory above it: a link that the domain made in one run must not lead the grants of its next
 * run to other files. What the domain may create is judged by the rules both as written and with
 * every link followed, so that no order of rewriting hides a grant. Nor does a grant follow a link
 * that a user other than root and the caller controls: at level warning, or outside every domain,
 * a daemon can make links wherever its user may. Denials follow every link: they can only take
 * away.
 */
export function canonicalise(rules: readonly NameRule[], snapshot: Snapshot): Canonicalised {
  const links = new Set<string>();
  const everyLink = new Rewriting(rules, snapshot, (link) => {
    links.add(link);
    return null;
  });
  const doubtOf = doubts([...rules, ...everyLink.rules], snapshot);
  // No grant follows a doubtful link, so following every link was right.
  const sound = [...links].every((link) => doubtOf(link) === null);
  const rewriting = sound ? everyLink : new Rewriting(rules, snapshot, doubtOf);
  const byWritten = [...rewriting.resolved].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    rules: rewriting.rules,
    resolved: byWritten.map(([written, name]) => ({ written, canonical: name })),
    unfollowed: rewriting.unfollowed,
    followed: [...rewriting.followed].filter((link) => doubtOf(link) === null).sort(),
  };
}

/** Why no grant may follow a link; null if grants may. */
function doubts(rules: readonly NameRule[], snapshot: Snapshot): (link: string) => Doubt | null {
  let mayCreate: ((name: string) => PermissionSet) | null = null;
  return answeredOnce((link) => {
    // Only permissions to create count.
    mayCreate ??= namesAsked(
      rules.flatMap((rule) =>
        (rule.permissions & Permission.create) === 0
          ? []
          : [{ ...rule, permissions: Permission.create }],
      ),
    );
    const asked = mayCreate;
    const names = pathAbove(link);
    if (names.some((name) => asked(name) !== 0)) return "own";
    return names.some((name) => snapshot.lookup(name)?.foreign === true) ? "foreign" : null;
  });
}

/** The name and every directory above it except the root. */
function pathAbove(name: string): readonly string[] {
  return [...name.matchAll(/\/[^/]+/g)].map((part) => name.slice(0, part.index + part[0].length));
}
