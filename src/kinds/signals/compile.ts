import type { WordHolding } from "../../compile/word-holding.ts";
import { granted } from "../../model/granted.ts";
import type { Policy } from "../../model/policy.ts";

/** A Landlock scope keeps a sealed domain's signals inside, or nothing does. */
export const signals: WordHolding<string> = {
  sealed: {
    rules: (rules) =>
      rules.filter(({ effect, token }) => effect === "deny" || token === "self" || token === "any"),
    whyLost: "signals either stay inside the domain or reach every process",
  },
};

/** Except Cofferdam's own processes. */
export function reachesEveryProcess(policy: Pick<Policy, "signals">): boolean {
  return granted(policy.signals).has("any");
}
