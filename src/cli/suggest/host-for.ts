import { hostSnapshot } from "../../compile/host-snapshot.ts";
import { knownAbstractions } from "../../host/abstractions.ts";
import { usablePolicies, vocabulary } from "../../host/load.ts";
import { namesOnHost } from "../../host/usable-names.ts";
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
    groups: vocabulary().groups,
    others: usablePolicies(context.places).map(({ policy }) => policy),
    load(text) {
      const policy = load(text);
      if (policy === null) return null;
      const names = namesOnHost(context.places, { policy, files });
      // About more names than a host can hold.
      return "problems" in names ? null : names.policy;
    },
  };
}
