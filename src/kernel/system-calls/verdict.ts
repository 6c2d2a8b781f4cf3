import { ENOSYS, EPERM } from "../constants.ts";

/**
 * What a filter does with one use of a system call, decided by registers alone: an answer, or a
 * condition on a register with a verdict for each case. The compiler makes filter instructions of
 * it. {@link answerTo} gives the same answer for given registers.
 */
export type Verdict = Answer | Question;

export type Answer =
  | { readonly kind: "allow" }
  /**
   * The mediator answers. Without a listener the call fails with `without`. `refused`: the mediator
   * is notified only to log the refusal. The filter does the same for both.
   */
  | { readonly kind: "notify"; readonly without: number; readonly meant: "asked" | "refused" }
  /** The call fails with this errno and no event: a fallback, not a denial. */
  | { readonly kind: "errno"; readonly errno: number };

export type Question = {
  /** Index of the register, from 0. */
  readonly argument: number;
  readonly yes: Verdict;
  readonly no: Verdict;
} & (
  | {
      /** (argument & mask) is one of `values`, by its low 32 bits, as the kernel reads an int. */
      readonly kind: "one-of";
      readonly mask: number;
      readonly values: readonly number[];
    }
  /** argument & bits is not zero, by the low 32 bits. */
  | { readonly kind: "bits"; readonly bits: number }
  /** The whole register is not zero: a pointer that is not null. */
  | { readonly kind: "pointer" }
);

export const allow: Answer = { kind: "allow" };
export const notify: Answer = { kind: "notify", without: EPERM, meant: "asked" };
export const notifyOrAbsent: Answer = { kind: "notify", without: ENOSYS, meant: "asked" };
export const refuse: Answer = { kind: "notify", without: EPERM, meant: "refused" };
export const refuseAbsent: Answer = { kind: "notify", without: ENOSYS, meant: "refused" };
export const absent: Answer = { kind: "errno", errno: ENOSYS };

export function ifBits(argument: number, bits: number, yes: Verdict, no: Verdict): Verdict {
  return { kind: "bits", argument, bits: bits >>> 0, yes, no };
}

export function ifOneOf(
  argument: number,
  values: readonly number[],
  yes: Verdict,
  no: Verdict,
  mask = 0xffffffff,
): Verdict {
  if (values.length === 0) return no;
  const unsigned = [...new Set(values.map((value) => value >>> 0))].sort((a, b) => a - b);
  return { kind: "one-of", argument, mask: mask >>> 0, values: unsigned, yes, no };
}

export function ifPointer(argument: number, yes: Verdict, no: Verdict): Verdict {
  return { kind: "pointer", argument, yes, no };
}

export interface Registers {
  word(argument: number): bigint;
  /** Its low 32 bits. */
  unsigned(argument: number): number;
}

export function answerTo(verdict: Verdict, registers: Registers): Answer {
  let at = verdict;
  while ("yes" in at) at = holds(at, registers) ? at.yes : at.no;
  return at;
}

function holds(question: Question, registers: Registers): boolean {
  if (question.kind === "pointer") return registers.word(question.argument) !== 0n;
  const low = registers.unsigned(question.argument);
  if (question.kind === "bits") return (low & question.bits) !== 0;
  return question.values.includes((low & question.mask) >>> 0);
}

export function answersIn(verdict: Verdict): Answer[] {
  return "yes" in verdict ? [...answersIn(verdict.yes), ...answersIn(verdict.no)] : [verdict];
}
