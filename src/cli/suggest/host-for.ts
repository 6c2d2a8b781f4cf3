import { canonicalNames } from "../../compile/canonical-names.ts";
import { hostSnapshot } from "../../compile/host-snapshot.ts";
import { knownAbstractions } from "../../host/abstractions.ts";
import { usablePolicies } from "../../host/load.ts";
import type { Policy } from "../../model/policy.ts";
import type { SuggestHost } from "../../suggest/suggestions.ts";
import { treeOf } from "../../suggest/tree.ts";
import type { Context } from "../command.ts";

/**
 * This host for `suggestions`. `files`: of the policy. `load`: what a changed text of it would be;
 * null if it has errors.
 */
export function hostFor(
  context: Context,
  files: readonly string[],
  load: (text: string) => Policy | null,
): SuggestHost {
  return {
    tree: treeOf(hostSnapshot()),
    abstractions: knownAbstractions(context.places),
    others: usablePolicies(context.places).map(({ policy }) => policy),
    load(text) {
      const policy = load(text);
      if (policy === null) return null;
      const names = canonical(context, policy, files);
      // About more names than a host can hold.
      return "problems" in names ? null : names.policy;
    },
  };
}

/** As the mediator judges: names without links, and Cofferdam's own places denied. */
export function canonical({ places }: Context, policy: Policy, files: readonly string[]) {
  return canonicalNames(policy, hostSnapshot(), places.own, [...files, ...places.kept]);
}
