/**
 * What the filter does with one call: an answer, or a question about an argument that leads to one.
 */
export type Verdict =
  | { readonly kind: "allow" }
  /**
   * The mediator answers; where there is no listener, the call fails with `without`. `refused`: it
   * is asked only so that the refusal is logged; the filter does the same for both.
   */
  | { readonly kind: "notify"; readonly without: number; readonly meant: "asked" | "refused" }
  /** The call fails with this errno, silently: a fallback, not a denial. */
  | { readonly kind: "errno"; readonly errno: number }
  /** (argument & mask) is one of `values`. */
  | (Question & {
      readonly kind: "masked";
      readonly mask: number;
      readonly values: readonly number[];
    })
  /** argument & bits is not zero. */
  | (Question & { readonly kind: "bits"; readonly bits: number });

interface Question {
  /** Counts from 0. */
  readonly argument: number;
  /**
   * An `int` lives in the low half, and the kernel ignores the high one; only pointers are asked
   * for both.
   */
  readonly half: "low" | "high";
  readonly yes: Verdict;
  readonly no: Verdict;
}

export const EPERM = 1;
export const EACCES = 13;
export const ENOSYS = 38;

export const allow: Verdict = { kind: "allow" };
/** To the mediator, which decides. */
export const notify: Verdict = { kind: "notify", without: EPERM, meant: "asked" };
/** To the mediator, which refuses and logs. */
export const refuse: Verdict = { kind: "notify", without: EPERM, meant: "refused" };
/** To the mediator, which refuses with ENOSYS and logs. */
export const refuseAbsent: Verdict = { kind: "notify", without: ENOSYS, meant: "refused" };
export const absent: Verdict = { kind: "errno", errno: ENOSYS };

/** `yes` if any of `bits` is set in the low half of the argument. */
export function ifBits(argument: number, bits: number, yes: Verdict, no: Verdict): Verdict {
  return { kind: "bits", argument, half: "low", bits: bits >>> 0, yes, no };
}

/** `yes` if the low half of the argument, masked, is one of `values`. */
export function ifOneOf(
  argument: number,
  values: readonly number[],
  yes: Verdict,
  no: Verdict,
  mask = 0xffffffff,
): Verdict {
  if (values.length === 0) return no;
  const unsigned = [...new Set(values.map((value) => value >>> 0))].sort((a, b) => a - b);
  return { kind: "masked", argument, half: "low", mask: mask >>> 0, values: unsigned, yes, no };
}

/** `yes` if the pointer is not null: both halves count. */
export function ifPointer(argument: number, yes: Verdict, no: Verdict): Verdict {
  const high: Verdict = { kind: "bits", argument, half: "high", bits: 0xffffffff, yes, no };
  return { kind: "bits", argument, half: "low", bits: 0xffffffff, yes, no: high };
}

/** Structural name: equal verdicts share one block of the filter. */
export function verdictKey(verdict: Verdict): string {
  return JSON.stringify(verdict);
}
