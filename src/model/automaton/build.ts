import { bytesOfName } from "../name-bytes.ts";
import type { PatternProblem } from "../pattern/types.ts";
import { parsePattern } from "../pattern.ts";
import type { PermissionSet } from "../permission.ts";
import type { NameRule } from "../rule.ts";
import { Automaton } from "./automaton.ts";
import { determinise, walkLazily } from "./determinise.ts";
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
 * Compiles rules into the one minimal automaton that tells what is granted for each name. The order
 * of rules and duplicates do not matter, down to the bytes of its binary form.
 *
 * Throws UnreadablePattern, and AutomatonTooLarge if the rules exceed a limit of `limits.ts`.
 */
export function buildAutomaton(rules: readonly NameRule[]): Automaton {
  const known = built.get(rules);
  if (known !== undefined) return known;
  const automaton = new Automaton(minimise(determinise(nfaOf(rules))));
  built.set(rules, automaton);
  return automaton;
}

/** Several stages use the same list of rules. */
const built = new WeakMap<readonly NameRule[], Automaton>();

/**
 * The same answers at half the price of {@link buildAutomaton}, for a few lookups. It is not
 * minimal: equal rules may give different bytes, and a state that grants nothing need not be
 * `dead`. Throws the same.
 */
export function buildLarger(rules: readonly NameRule[]): Automaton {
  return new Automaton(determinise(nfaOf(rules)));
}

/**
 * Looks up single names, at little more than the price of reading the rules. Throws
 * UnreadablePattern and AutomatonTooLarge; the returned function throws AutomatonTooLarge.
 */
export function namesAsked(rules: readonly NameRule[]): (name: string) => PermissionSet {
  const permissionsOf = walkLazily(nfaOf(rules));
  return (name) => permissionsOf(bytesOfName(name));
}

function nfaOf(rules: readonly NameRule[]): Nfa {
  const nfa = new Nfa();
  for (const rule of rules) {
    const parsed = parsePattern(rule.pattern);
    if ("problem" in parsed) throw new UnreadablePattern(rule, parsed.problem);
    for (const branch of parsed.pattern.branches) nfa.add(branch, rule.effect, rule.permissions);
  }
  nfa.finish();
  return nfa;
}
