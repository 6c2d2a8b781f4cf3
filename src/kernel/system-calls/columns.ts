import type { SealedContext } from "./sealed-context.ts";
import { type Answer, allow, notify, refuse, type Verdict } from "./verdict.ts";

/** How a sealed domain holds a call. */
export interface Sealed {
  /**
   * What the policy's list of system calls means to it. `needed`: a call that is not listed is
   * refused. `may-deny`: a grant of the word that it asks for lists it; an explicit denial takes it
   * back. `ignored`: the call is never granted, or a start always needs it.
   */
  readonly list: "needed" | "may-deny" | "ignored";
  /** Why being listed is not all it takes. A sentence without its stop. */
  readonly why: string;
  readonly verdict: (context: SealedContext) => Verdict;
}

/**
 * How a supervised domain holds a call. Its policy may change while it runs, its filter does not.
 */
export interface Supervised {
  /**
   * Which uses are notified if the policy lists the call. One that it does not list always is,
   * unless its class is `untouchable`.
   */
  readonly verdict: Verdict;
  /** Judged even if the policy does not list the call, or unless it denies it by name. */
  readonly unlistedToo?: "always" | "unless-denied";
  /**
   * What enforcing answers, where it is not what the class says (`classes.ts`). A sentence without
   * its stop.
   */
  readonly enforcing?: string;
}

export function ifListed(why: string, verdict: Sealed["verdict"]): Sealed {
  return { list: "needed", why, verdict };
}

export function listedOrNot(why: string, verdict: Sealed["verdict"]): Sealed {
  return { list: "ignored", why, verdict };
}

/** The column of a call that no sealed domain is given. */
export function neverAllowed(why: string, answer: Answer = refuse): Sealed {
  return listedOrNot(why, () => answer);
}

/** Every use is notified. */
export const everyUse: Supervised = { verdict: notify };

/** No use is notified if the policy lists the call. */
export const noUse: Supervised = { verdict: allow };

/** Every use is notified, and this is what enforcing answers. */
export function answering(enforcing: string, verdict: Verdict = notify): Supervised {
  return { verdict, enforcing };
}
