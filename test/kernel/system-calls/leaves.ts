import type { Verdict } from "../../../src/kernel/system-calls/verdict.ts";
import { holds, turning } from "../../compile/seccomp/verdict-model.ts";

/**
 * One way through a verdict: registers that lead there (arguments 0 to 5) and the answer at its
 * end.
 */
export interface Leaf {
  readonly words: readonly bigint[];
  readonly answer: Verdict;
}

const NONE: readonly bigint[] = [0n, 0n, 0n, 0n, 0n, 0n];

/**
 * Every answer of a verdict with registers that lead to it; an answer that nothing leads to is left
 * out.
 */
export function leaves(verdict: Verdict): Leaf[] {
  return walk(verdict, NONE).filter(({ words, answer }) => reached(verdict, words) === answer);
}

function walk(verdict: Verdict, words: readonly bigint[]): Leaf[] {
  if (!("yes" in verdict)) return [{ words, answer: verdict }];
  const put = (value: bigint) =>
    words.map((word, index) => (index === verdict.argument ? word | value : word));
  const yes = turning(verdict);
  return [...yes.flatMap((value) => walk(verdict.yes, put(value))), ...walk(verdict.no, words)];
}

function reached(verdict: Verdict, words: readonly bigint[]): Verdict {
  if (!("yes" in verdict)) return verdict;
  const isYes = holds(verdict, words[verdict.argument] ?? 0n);
  return reached(isYes ? verdict.yes : verdict.no, words);
}
