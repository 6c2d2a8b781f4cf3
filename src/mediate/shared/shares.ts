import { type Claimant, isSame } from "../../domains/mediator-places.ts";
import { DOMAINS_MAX, DOMAINS_OF_ONE_MAX, DOMAINS_OF_USERS_MAX } from "../limits.ts";

/**
 * Whether one more run of a claimant may be served. Many runs of a user other than root may be
 * sessions of one person: each person has a share, and all together leave room for root's daemons.
 * A run without a share gets a mediator of its own while there are places.
 */
export function hasShare(claimant: Claimant, served: Iterable<Claimant>): boolean {
  let all = 0;
  let ofUsers = 0;
  let own = 0;
  for (const one of served) {
    all += 1;
    if (one.uid !== 0) ofUsers += 1;
    if (isSame(one, claimant)) own += 1;
  }
  if (all >= DOMAINS_MAX) return false;
  return claimant.uid === 0 || (own < DOMAINS_OF_ONE_MAX && ofUsers < DOMAINS_OF_USERS_MAX);
}
