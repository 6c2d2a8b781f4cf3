import type { Verdict } from "../../../src/compile/seccomp/verdict.ts";

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
  const shift = verdict.half === "high" ? 32n : 0n;
  const put = (low: number) =>
    words.map((word, index) => (index === verdict.argument ? word | (BigInt(low) << shift) : word));
  const yes = verdict.kind === "bits" ? bitsOf(verdict.bits) : verdict.values;
  return [...yes.flatMap((value) => walk(verdict.yes, put(value))), ...walk(verdict.no, words)];
}

function bitsOf(set: number): number[] {
  return Array.from({ length: 32 }, (_, bit) => (1 << bit) >>> 0).filter(
    (bit) => (set & bit) !== 0,
  );
}

function reached(verdict: Verdict, words: readonly bigint[]): Verdict {
  if (!("yes" in verdict)) return verdict;
  const word = words[verdict.argument] ?? 0n;
  const half = Number(verdict.half === "high" ? word >> 32n : word & 0xffffffffn);
  const holds =
    verdict.kind === "bits"
      ? (half & verdict.bits) !== 0
      : verdict.values.includes((half & verdict.mask) >>> 0);
  return reached(holds ? verdict.yes : verdict.no, words);
}
