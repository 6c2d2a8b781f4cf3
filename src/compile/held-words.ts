import type { HostFacts } from "../kernel/host-facts.ts";
import { wordHolding } from "../kinds/compile.ts";
import { wordCalls } from "../kinds/kernel.ts";
import {
  eachSection,
  type GrantedWords,
  type WordRules,
  type WordSection,
  type Words,
  wordSections,
} from "../kinds/model.ts";
import { granted } from "../model/granted.ts";
import type { Level } from "../model/level.ts";
import type { TokenRule } from "../model/rule.ts";
import type { PlanReport } from "../plan/plan.ts";
import type { Layer } from "./word-holding.ts";

export function sealedWords(policy: WordRules, facts: HostFacts): GrantedWords {
  const rulesOf = <S extends WordSection>(section: S): readonly TokenRule<Words[S]>[] =>
    wordHolding[section].sealed?.rules?.(policy[section], facts) ?? policy[section];
  return eachSection((section) => granted<string>(rulesOf(section)));
}

export function supervisedRules(policy: WordRules, facts: HostFacts, level: Level): WordRules {
  const rulesOf = <S extends WordSection>(section: S): readonly TokenRule<Words[S]>[] =>
    wordHolding[section].supervised?.rules?.(policy[section], facts, level) ?? policy[section];
  return eachSection((section) => rulesOf(section));
}

export function grantedWords(rules: WordRules): GrantedWords {
  return eachSection((section) => granted<string>(rules[section]));
}

/** Keeps only the words of kinds that system calls ask for: the filters look at nothing else. */
export function wordsOfCalls(words: GrantedWords): GrantedWords {
  return eachSection((section) => (wordCalls[section] === null ? new Set() : words[section]));
}

export function lostWords(policy: WordRules, held: GrantedWords): PlanReport["lost"] {
  return wordSections.flatMap((section) => {
    const has: ReadonlySet<string> = held[section];
    const why = wordHolding[section].sealed?.whyLost ?? "";
    return [...granted<string>(policy[section])]
      .filter((token) => !has.has(token))
      .map((token) => ({ rule: `${section}: ${token}`, why }));
  });
}

export function sealedLayers(held: GrantedWords): Layer[] {
  return wordSections.flatMap((section) => [
    ...(wordHolding[section].sealed?.layers?.(held[section]) ?? []),
  ]);
}

export function supervisedLayers(held: GrantedWords, level: Level): Layer[] {
  return wordSections.flatMap((section) => [
    ...(wordHolding[section].supervised?.layers?.(held[section], level) ?? []),
  ]);
}
