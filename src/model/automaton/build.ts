import type { PatternProblem } from "../pattern/types.ts";
import { parsePattern } from "../pattern.ts";
import type { NameRule } from "../policy.ts";
import { Automaton } from "./automaton.ts";
import { determinise } from "./determinise.ts";
import { minimise } from "./minimise.ts";
import { Nfa } from "./nfa.ts";

/** A rule of a policy that was never checked. */
export class UnreadablePattern extends Error {
  readonly rule: NameRule;
  readonly problem: PatternProblem;
  constructor(rule: NameRule, problem: PatternProblem) {
    super(`pattern \`${rule.pattern}\`: ${problem.message}`);
    this.name = "UnreadablePattern";
    this.rule = rule;
    this.problem = problem;
  }
}

/**
 * Compiles rules into the one minimal automaton that knows what is granted for each name. The order of rules and
 * duplicates do not matter, down to the bytes of its binary form.
 *
 * Throws UnreadablePattern, and AutomatonTooLarge when the rules exceed a limit of `limits.ts`.
 */
export function buildAutomaton(rules: readonly NameRule[]): Automaton {
  const nfa = new Nfa();
  for (const rule of rules) {
    const parsed = parsePattern(rule.pattern);
    if ("problem" in parsed) throw new UnreadablePattern(rule, parsed.problem);
    for (const branch of parsed.pattern.branches) nfa.add(branch, rule.effect, rule.permissions);
  }
  nfa.finish();
  return new Automaton(minimise(determinise(nfa)));
}
