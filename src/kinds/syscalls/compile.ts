import type { WordHolding } from "../../compile/word-holding.ts";
import { isNamed } from "../../model/is-named.ts";
import type { TokenRule } from "../../model/rule.ts";
import { mountCalls, whyNever } from "./model.ts";

export const syscalls: WordHolding<string> = {
  supervised: { rules: (rules) => rules.filter(mayBeGranted) },
};

/**
 * A group is granted without its members that are never granted. Mount calls that the policy names
 * stay listed: their refusal then says `never`, and proposes no line that exists already.
 */
function mayBeGranted(rule: TokenRule): boolean {
  if (rule.effect === "deny" || whyNever(rule.token) === null) return true;
  return isNamed(rule) && mountCalls.includes(rule.token);
}
