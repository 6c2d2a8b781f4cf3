/** Connections at once, sessions among them, for all but root. */
export const CONNECTIONS_MAX = 4_096;
/** Of one user: a user who opens all of these leaves room for others. */
export const CONNECTIONS_OF_USER_MAX = 1_024;
/**
 * Sandboxed shells of one user that live at a time, root's excepted: each is a run of root's, which
 * the host's mediator serves.
 */
export const SHELLS_OF_USER_MAX = 64;
/** Of one user that have not said what they want, or are over and do not end. */
export const WAITING_OF_USER_MAX = 256;
/** For a client to say what it wants, milliseconds. */
export const REQUEST_MS_MAX = 10_000;
/**
 * A request: an environment with one variable of the kernel's largest (MAX_ARG_STRLEN, 128 KiB) and
 * many more.
 */
export const REQUEST_BYTES_MAX = 1_048_576;
/** Taken from a socket in one go. */
export const READ_BYTES = 65_536;
/**
 * Attendants that wait for a connection: if several clients connect at once, one is ready while
 * another starts.
 */
export const SPARE_ATTENDANTS = 2;
/** How long a client may wait for an attendant before one more is started, milliseconds. */
export const STOCK_AFTER_MS = 20;
/**
 * Pause before the next start if an attendant could not be started, or ended before it had a
 * connection, milliseconds.
 */
export const ATTENDANT_AGAIN_MS = 1_000;
/** For an attendant that is over to end, milliseconds: then it is killed. */
export const ATTENDANT_END_MS = 10_000;
/** For one that is over to count as stuck, milliseconds. */
export const STUCK_AFTER_MS = 1_000;
/** Stuck ones of one user: then the user is kept out until some have ended. */
export const STUCK_OF_USER_MAX = 64;
/**
 * Of all users, because one person may have many ids (user_namespaces(7)). Beyond it only root gets
 * in.
 */
export const STUCK_MAX = 1_024;
