import type { WordHolding } from "../../compile/word-holding.ts";
import { granted } from "../../model/granted.ts";
import type { Policy } from "../../model/policy.ts";

/** A sealed domain's signals are kept inside by a Landlock scope, or are not. */
export const signals: WordHolding<string> = {
  sealed: {
    rules: (rules) =>
      rules.filter(({ effect, token }) => effect === "deny" || token === "self" || token === "any"),
    whyLost: "signals either stay inside the domain or reach every process",
  },
};

/** The domain may signal every process but Cofferdam's. */
export function reachesEveryProcess(policy: Pick<Policy, "signals">): boolean {
  return granted(policy.signals).has("any");
}
