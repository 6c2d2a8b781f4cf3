import type { SealedContext } from "./sealed-context.ts";
import { type Answer, allow, notify, refuse, type Verdict } from "./verdict.ts";

export interface Sealed {
  /**
   * What the policy's list of system calls means. `needed`: a call that is not listed is refused.
   * `may-deny`: a grant of the word that it asks for implies it, and an explicit denial takes it
   * back. `ignored`: the call is never granted, or every start needs it.
   */
  readonly list: "needed" | "may-deny" | "ignored";
  /** Why listing alone does not decide. A sentence without its full stop. */
  readonly why: string;
  readonly verdict: (context: SealedContext) => Verdict;
}

/**
 * How a supervised domain treats a call. Its policy may change while it runs, but not its filter.
 */
export interface Supervised {
  /**
   * Which uses are notified if the policy lists the call. An unlisted call is always notified,
   * unless its class is `untouchable`.
   */
  readonly verdict: Verdict;
  /**
   * The call is judged even if the policy does not list it, or unless the policy denies it by name.
   */
  readonly unlistedToo?: "always" | "unless-denied";
  /**
   * What enforcing answers, where the class's text (`classes.ts`) does not apply. A sentence
   * without its full stop.
   */
  readonly enforcing?: string;
}

/** Whether the row's own verdict counts for the call, which the policy lists or denies by name. */
export function isJudged(
  { unlistedToo }: Supervised,
  { listed, denied }: { readonly listed: boolean; readonly denied: boolean },
): boolean {
  return unlistedToo === "unless-denied" ? !denied : unlistedToo === "always" || listed;
}

export function ifListed(why: string, verdict: Sealed["verdict"]): Sealed {
  return { list: "needed", why, verdict };
}

export function listedOrNot(why: string, verdict: Sealed["verdict"]): Sealed {
  return { list: "ignored", why, verdict };
}

/** The column of a call that sealed domains never get. */
export function neverAllowed(why: string, answer: Answer = refuse): Sealed {
  return listedOrNot(why, () => answer);
}

export const everyUse: Supervised = { verdict: notify };

export const noUse: Supervised = { verdict: allow };

export function answering(enforcing: string, verdict: Verdict = notify): Supervised {
  return { verdict, enforcing };
}
