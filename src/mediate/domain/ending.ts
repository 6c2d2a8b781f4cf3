import { uptimeNow } from "../../plan/outdated.ts";
import { type Generation, withoutEnded } from "./generation.ts";

/**
 * Milliseconds between looks at the clock that cannot be set, while a policy has exceptions: so
 * much later than its end an exception may still count.
 */
const LOOK_AT_CLOCK_MS = 1_000;

/** Takes exceptions that have ended out of the policy in force, with or without an agent. */
export class Ending {
  /** On the clock of performance.now(), which stands still while the host is suspended. */
  #next = 0;
  #end = 0;

  /** For another policy. */
  lookAgain(): void {
    this.#next = 0;
    this.#end = 0;
  }

  /** The same generation while none of its exceptions has ended. `given`: performance.now(). */
  of(generation: Generation, given?: number): Generation {
    const { until } = generation;
    if (until === null) return generation;
    const now = given ?? performance.now();
    if (now < this.#next) return generation;
    const left = leftOf(until) ?? this.#end - now;
    if (left <= 0) {
      this.lookAgain();
      return withoutEnded(generation, until - left);
    }
    this.#end = now + left;
    this.#next = now + Math.min(LOOK_AT_CLOCK_MS, left);
    return generation;
  }
}

/** Milliseconds; null if this process has no descriptor left to ask the kernel. */
function leftOf(until: number): number | null {
  try {
    return until - uptimeNow();
  } catch (error) {
    if (error instanceof Error && "code" in error) return null;
    throw error;
  }
}
