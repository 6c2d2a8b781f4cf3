import type { FilterContext } from "../../../src/compile/seccomp/filter-context.ts";
import type { Verdict } from "../../../src/compile/seccomp/verdict.ts";
import type { Answer } from "./judge.ts";

/** The meaning of a verdict, read off the tree itself: the second road to the filter's answer. */
export function evaluate(
  verdict: Verdict,
  args: readonly bigint[],
  context: FilterContext,
): Answer {
  switch (verdict.kind) {
    case "allow":
      return "allow";
    case "notify":
      return context.listener ? "notify" : `errno ${verdict.without}`;
    case "errno":
      return `errno ${verdict.errno}`;
  }
  const whole = args[verdict.argument] ?? 0n;
  const half = Number(verdict.half === "low" ? whole & 0xffffffffn : whole >> 32n);
  const yes =
    verdict.kind === "bits"
      ? (half & verdict.bits) !== 0
      : verdict.values.includes((half & verdict.mask) >>> 0);
  return evaluate(yes ? verdict.yes : verdict.no, args, context);
}

/** Argument values at which this verdict may turn, with and without garbage around them. */
export function interestingValues(verdict: Verdict): bigint[] {
  if (!("yes" in verdict)) return [];
  const own = verdict.kind === "bits" ? bitsOf(verdict.bits) : verdict.values;
  return [
    ...own.map((value) => BigInt(value)),
    ...interestingValues(verdict.yes),
    ...interestingValues(verdict.no),
  ];
}

function bitsOf(mask: number): number[] {
  return Array.from({ length: 32 }, (_, bit) => (1 << bit) >>> 0).filter(
    (bit) => (mask & bit) !== 0,
  );
}
