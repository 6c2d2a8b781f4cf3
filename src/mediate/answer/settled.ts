import { GRANTED, type Outcome } from "./outcome.ts";

/**
 * Ends the current call with an ordinary outcome. Thrown by code that cannot return one, because
 * walking a path, reading the target and taking its identity have results of their own. `attempt()`
 * turns it back into the outcome. No other exception ends a call in an ordinary way.
 */
export class Settled extends Error {
  readonly outcome: Outcome;

  constructor(outcome: Outcome) {
    super(`the call is settled: ${outcome.kind}`);
    this.outcome = outcome;
  }
}

/** A shared instance: its stack is never read, and making one costs more than most judgements. */
export const settledAsGranted = new Settled(GRANTED);

export function outcomeOf(step: () => Outcome): Outcome {
  try {
    return step();
  } catch (cause) {
    if (cause instanceof Settled) return cause.outcome;
    throw cause;
  }
}

/**
 * The result of `step`, or null if `step` settles the call. With `outcome`, only that one becomes
 * null.
 */
export function unlessSettled<T>(step: () => T, outcome: Outcome | null = null): T | null {
  try {
    return step();
  } catch (cause) {
    if (cause instanceof Settled && (outcome === null || cause.outcome === outcome)) return null;
    throw cause;
  }
}
