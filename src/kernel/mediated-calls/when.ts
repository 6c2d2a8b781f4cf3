/**
 * Whether one use of a system call must reach the mediator, asked of its registers alone: a
 * notification costs about ten microseconds. The compiler makes filter instructions of it; {@link
 * mustAsk} is the same question about registers at hand.
 */
export type When =
  | { readonly kind: "ask" }
  /**
   * Nothing in it for the mediator, whatever memory holds: the call goes on without a notification.
   */
  | { readonly kind: "pass" }
  /** (argument & mask) is one of `values`. */
  | (Question & {
      readonly kind: "one-of";
      readonly values: readonly number[];
      readonly mask: number;
    })
  /** argument & bits is not zero. */
  | (Question & { readonly kind: "bits"; readonly bits: number })
  /** The whole register is not zero: a pointer that is not null. */
  | (Question & { readonly kind: "pointer" });

interface Question {
  /**
   * Counts from 0. But for pointers the kernel looks at the low 32 bits alone, and so does this.
   */
  readonly argument: number;
  readonly yes: When;
  readonly no: When;
}

export const ask: When = { kind: "ask" };
export const pass: When = { kind: "pass" };

export function ifOneOf(
  argument: number,
  values: readonly number[],
  yes: When,
  no: When,
  mask = 0xffffffff,
): When {
  return {
    kind: "one-of",
    argument,
    values: values.map((value) => value >>> 0),
    mask: mask >>> 0,
    yes,
    no,
  };
}

export function ifBits(argument: number, bits: number, yes: When, no: When): When {
  return { kind: "bits", argument, bits: bits >>> 0, yes, no };
}

export function ifPointer(argument: number, yes: When, no: When): When {
  return { kind: "pointer", argument, yes, no };
}

/** Whether a call with these registers is one for the mediator. */
export function mustAsk(when: When, word: (argument: number) => bigint): boolean {
  if (when.kind === "ask" || when.kind === "pass") return when.kind === "ask";
  return mustAsk(holds(when, word(when.argument)) ? when.yes : when.no, word);
}

function holds(question: Exclude<When, { kind: "ask" | "pass" }>, word: bigint): boolean {
  if (question.kind === "pointer") return word !== 0n;
  const low = Number(word & 0xffffffffn);
  if (question.kind === "bits") return (low & question.bits) !== 0;
  return question.values.includes((low & question.mask) >>> 0);
}
