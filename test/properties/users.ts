import { NOBODY } from "./domain.ts";

const own = process.getuid?.() ?? NOBODY;

/**
 * The users for which each promise is tested: root tests it for root and for an ordinary user, an
 * ordinary user for itself.
 */
export const users = (own === 0 ? [0, NOBODY] : [own]).map((uid) => ({
  uid,
  who: uid === 0 ? "root" : "an ordinary user",
}));
