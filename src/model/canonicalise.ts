import { namesAsked } from "./automaton/build.ts";
import { Rewriting, type Unfollowed } from "./canonicalise/canonical-rules.ts";
import { Permission, type PermissionSet } from "./permission.ts";
import type { NameRule } from "./rule.ts";
import type { Snapshot } from "./snapshot.ts";

export type { Unfollowed } from "./canonicalise/canonical-rules.ts";

export interface Canonicalised {
  readonly rules: readonly NameRule[];
  /** Plain names as written and where their links lead, sorted, each once. */
  readonly resolved: readonly { readonly written: string; readonly canonical: string }[];
  /** Rules with a link that was not followed; they stay as written. */
  readonly unfollowed: readonly Unfollowed[];
  /** Links that were followed and that the domain itself may not make, sorted. */
  readonly followed: readonly string[];
}

/**
 * Rewrites patterns through the symbolic links of the snapshot, since every check sees canonical
 * names. What is rewritten is the plain directory a pattern begins with, and a pattern without any
 * choice as a whole.
 *
 * No grant follows a link that the domain itself may create, or put in place by renaming a
 * directory above it: what it has planted in one life must not turn the grants of its next one to
 * other files. Whether it may is judged by the rules as written and as they would be with every
 * link followed, so that no order of rewriting hides a grant. Denials follow every link: they can
 * only take away.
 */
export function canonicalise(rules: readonly NameRule[], snapshot: Snapshot): Canonicalised {
  const links = new Set<string>();
  const everyLink = new Rewriting(rules, snapshot, (link) => links.add(link) !== undefined);
  const isPlantable = plantable([...rules, ...everyLink.rules]);
  // Where no grant follows a doubtful link, following every one was right.
  const sound = ![...links].some(isPlantable);
  const rewriting = sound
    ? everyLink
    : new Rewriting(rules, snapshot, (link) => !isPlantable(link));
  const byWritten = [...rewriting.resolved].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    rules: rewriting.rules,
    resolved: byWritten.map(([written, name]) => ({ written, canonical: name })),
    unfollowed: rewriting.unfollowed,
    followed: [...rewriting.followed].filter((link) => !isPlantable(link)).sort(),
  };
}

/**
 * Whether the domain may create a link, or a directory above it. Only what is said of creating
 * counts.
 */
function plantable(rules: readonly NameRule[]): (link: string) => boolean {
  let mayCreate: ((name: string) => PermissionSet) | null = null;
  const known = new Map<string, boolean>();
  const judge = (link: string): boolean => {
    mayCreate ??= namesAsked(
      rules.flatMap((rule) =>
        (rule.permissions & Permission.create) === 0
          ? []
          : [{ ...rule, permissions: Permission.create }],
      ),
    );
    const asked = mayCreate;
    return pathAbove(link).some((name) => asked(name) !== 0);
  };
  return (link) => {
    const answer = known.get(link) ?? judge(link);
    known.set(link, answer);
    return answer;
  };
}

/** The name and every directory above it, but for the root. */
function pathAbove(name: string): readonly string[] {
  return [...name.matchAll(/\/[^/]+/g)].map((part) => name.slice(0, part.index + part[0].length));
}
