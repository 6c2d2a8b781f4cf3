import type { SealedContext } from "../../../src/kernel/system-calls/sealed-context.ts";
import type { Question, Verdict } from "../../../src/kernel/system-calls/verdict.ts";
import type { Answer } from "./judge.ts";

/** The meaning of a verdict, read off the tree itself: the second road to the filter's answer. */
export function evaluate(
  verdict: Verdict,
  args: readonly bigint[],
  context: SealedContext,
): Answer {
  switch (verdict.kind) {
    case "allow":
      return "allow";
    case "notify":
      return context.listener ? "notify" : `errno ${verdict.without}`;
    case "errno":
      return `errno ${verdict.errno}`;
  }
  const isYes = holds(verdict, args[verdict.argument] ?? 0n);
  return evaluate(isYes ? verdict.yes : verdict.no, args, context);
}

/** Whether a question about this register is answered with yes. */
export function holds(question: Question, word: bigint): boolean {
  if (question.kind === "pointer") return word !== 0n;
  const low = Number(word & 0xffffffffn);
  return question.kind === "bits"
    ? (low & question.bits) !== 0
    : question.values.includes((low & question.mask) >>> 0);
}

/** Values for which one question is answered with yes. */
export function turning(question: Question): bigint[] {
  switch (question.kind) {
    case "pointer":
      return [1n, 1n << 32n];
    case "bits":
      return Array.from({ length: 32 }, (_, bit) => 1n << BigInt(bit)).filter(
        (bit) => (BigInt(question.bits) & bit) !== 0n,
      );
    case "one-of":
      return question.values.map(BigInt);
  }
}

/** Argument values at which this verdict may turn, with and without garbage around them. */
export function interestingValues(verdict: Verdict): bigint[] {
  if (!("yes" in verdict)) return [];
  return [...turning(verdict), ...interestingValues(verdict.yes), ...interestingValues(verdict.no)];
}
