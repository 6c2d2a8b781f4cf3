import { GRANTED, type Outcome } from "./outcome.ts";

/**
 * Ends the call in hand with an ordinary outcome. Thrown by code that cannot return one: what
 * walks a path, reads the target or takes its identity has results of its own. `attempt()` turns it
 * back into the outcome that it carries. No other exception ends a call in an ordinary way.
 */
export class Settled extends Error {
  readonly outcome: Outcome;

  constructor(outcome: Outcome) {
    super(`the call is settled: ${outcome.kind}`);
    this.outcome = outcome;
  }
}

/** One for all: nobody looks at its stack, and making one costs more than most judgements. */
export const settledAsGranted = new Settled(GRANTED);

/** What `step` returns, or settles the call with. */
export function outcomeOf(step: () => Outcome): Outcome {
  try {
    return step();
  } catch (cause) {
    if (cause instanceof Settled) return cause.outcome;
    throw cause;
  }
}

/** What `step` returns; null where it settles the call, or where it does so with `outcome`. */
export function unlessSettled<T>(step: () => T, outcome: Outcome | null = null): T | null {
  try {
    return step();
  } catch (cause) {
    if (cause instanceof Settled && (outcome === null || cause.outcome === outcome)) return null;
    throw cause;
  }
}
