/**
 * Places for root's mediators of a single run, retired shared mediators included. The places are in
 * a file beside the shared mediator's socket. A mediator takes one by locking two bytes of it
 * (F_OFD_SETLK, fcntl(2)): one of the host's and one of its claimant's, which is a domain's name
 * and user. The lock ends with the last process that has the open file, so a dead owner never keeps
 * a place.
 */
export const PLACES_OF_HOST = 32;
/** Per claimant, except for root. */
export const PLACES_OF_ONE = 16;
/**
 * Size of a place, bytes. Its first byte is locked; the claimant's text, `DOMAIN UID\n`, begins
 * there.
 */
export const PLACE_BYTES = 512;
/** Where the claimants' bytes begin; none of them is ever written. */
export const CLAIMANTS_OFFSET = 2n ** 40n;
/** Size of a claimant's bytes, found by the lowest bits of the FNV-1a 64 of `DOMAIN UID\n`. */
export const CLAIMANT_BYTES = 256n;
export const CLAIMANT_HASH_BITS = 48n;
/** The file's name is the socket's with this suffix. */
export const PLACES_SUFFIX = ".places";

/** First byte of a mediator's message to a holder. */
export const mediatorAnswers = {
  /** The mediator serves the run. */
  taken: 1,
  /** The descriptor sent along replaces the connection. */
  next: 2,
  /** The mediator does not serve the run, which may have its own. */
  elsewhere: 3,
} as const;

/**
 * The first message of a holder. A launcher asks, with the plan alone, whether its run would be
 * taken.
 */
export const handOverGreetings = { holds: "CFDMHOLD", asks: "CFDMROOM" } as const;
