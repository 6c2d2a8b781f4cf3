/**
 * Places for mediators that serve one run and are root's: those of runs that the host's shared
 * mediator does not serve, and shared ones that were retired. A file beside the shared mediator's
 * socket has them. Who takes one locks two bytes of it (F_OFD_SETLK, fcntl(2)): one of the host's,
 * and one of its claimant's, which is a domain's name and the user as whom it runs. The lock ends
 * with the last process that has the open file, so that no dead owner keeps a place.
 */
export const PLACES_OF_HOST = 32;
/** Places that one claimant may have, root's own excepted. */
export const PLACES_OF_ONE = 16;
/** Bytes of one place: from its first, which is locked, on stands whose it is, `DOMAIN UID\n`. */
export const PLACE_BYTES = 512;
/** Where the bytes of claimants begin; none of them is ever written. */
export const CLAIMANTS_OFFSET = 2n ** 40n;
/** Bytes of one claimant, which is found by the lowest bits of the FNV-1a 64 of `DOMAIN UID\n`. */
export const CLAIMANT_BYTES = 256n;
export const CLAIMANT_HASH_BITS = 48n;
/** The file's name behind that of the socket. */
export const PLACES_SUFFIX = ".places";

/** First bytes of what a mediator says to a holder on its connection. */
export const mediatorAnswers = {
  /** It serves the run. */
  taken: 1,
  /** The descriptor that comes with it takes the connection's place. */
  next: 2,
  /** It does not serve the run, which may have a mediator of its own. */
  elsewhere: 3,
} as const;

/** What a holder says first; a launcher asks with the plan alone whether its run would be taken. */
export const handOverGreetings = { holds: "CFDMHOLD", asks: "CFDMROOM" } as const;
