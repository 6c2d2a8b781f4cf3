import { buildAutomaton } from "./automaton/build.ts";
import { alternatives, literalPrefix, parsePattern } from "./pattern.ts";
import type { PermissionSet } from "./permission.ts";
import type { NameRule, Policy } from "./policy.ts";
import { brokeredRules } from "./sealed-view/brokered.ts";
import { brokeredLate } from "./sealed-view/kernel-grants.ts";
import { missingRules } from "./sealed-view/missing.ts";
import { giveRefer } from "./sealed-view/refer.ts";
import type { Deviation, SealedView } from "./sealed-view/types.ts";
import { PlacementWalk } from "./sealed-view/walk.ts";
import type { Snapshot } from "./snapshot.ts";

/**
 * What a sealed domain really has: the placements of kernel rules that express a policy on one host
 * at one moment, and what is brokered or lost. Only this code decides that: `src/compile/landlock`
 * turns placements into Landlock rules, and `decide(policy, request, view)` answers by them.
 *
 * The walk follows the snapshot together with the automaton, from `/`. A directory gets what every
 * name below it has. A file gets what it has itself. Create and delete are given only to
 * directories below which all names have the same permissions, because the kernel would let files
 * change places there. The walk descends where more can still be granted.
 *
 * The policy's patterns must be canonical (`canonicalise`). Throws as `buildAutomaton` does.
 */
export function sealedView(policy: Policy, snapshot: Snapshot): SealedView {
  const automaton = buildAutomaton(policy.names);
  const walked = new PlacementWalk(automaton, policy.names, snapshot).run();
  const directories = giveRefer(walked.directories);
  return {
    lateNames: policy.lateNames,
    directories,
    inodes: walked.inodes,
    brokered: brokeredRules(policy.names, directories),
    widened: walked.widened,
    lost: walked.lost.filter(({ why, permissions }) => isLost(policy, why, permissions)),
    missing: missingRules(policy, snapshot),
    tooWide: walked.tooWide.map((path) => ({ path, rules: rulesReaching(policy.names, path) })),
  };
}

/** What the compiler could not look into, or list, the mediator opens by its name. */
function isLost({ lateNames }: Policy, why: Deviation["why"], permissions: PermissionSet): boolean {
  return why === "procfs" || (permissions & ~brokeredLate(lateNames)) !== 0;
}

/**
 * The wildcard rules that begin at or above `path` and are no plain trees: the reason why the walk
 * went there.
 */
function rulesReaching(rules: readonly NameRule[], path: string): readonly NameRule[] {
  return rules.filter((rule) => {
    const parsed = parsePattern(rule.pattern);
    if ("problem" in parsed) return false;
    const prefix = literalPrefix(parsed.pattern);
    const isPlain = alternatives(parsed.pattern).every((text) =>
      [prefix, `${prefix}/**`].includes(text),
    );
    return !isPlain && (prefix === "/" || `${path}/`.startsWith(`${prefix}/`));
  });
}

export { kernelGrants } from "./sealed-view/kernel-grants.ts";
export type * from "./sealed-view/types.ts";
