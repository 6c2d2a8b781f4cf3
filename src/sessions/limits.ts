/** Connections at once of all users; root's are not refused for this. */
export const CONNECTIONS_MAX = 4_096;
/** Connections at once of one user; the others are left for other users. */
export const CONNECTIONS_OF_USER_MAX = 1_024;
/**
 * Sandboxed shells of one user at once, except root: each is a run as root, and the host's mediator
 * serves it.
 */
export const SHELLS_OF_USER_MAX = 64;
/**
 * Connections of one user that have sent no request yet, or have been answered and whose attendant
 * has not exited.
 */
export const WAITING_OF_USER_MAX = 256;
/** Time for a client to send its request, milliseconds. */
export const REQUEST_MS_MAX = 10_000;
/**
 * The largest request. It holds an environment with one variable of the kernel's largest size
 * (MAX_ARG_STRLEN, 128 KiB) and many smaller ones.
 */
export const REQUEST_BYTES_MAX = 1_048_576;
/** The most that one read takes from a socket. */
export const READ_BYTES = 65_536;
/**
 * Attendants that wait for a connection: while one more starts, a second client finds one ready.
 */
export const SPARE_ATTENDANTS = 2;
export const STOCK_AFTER_MS = 20;
/**
 * Pause before the next start if an attendant could not be started, or exited before it had a
 * connection, milliseconds.
 */
export const ATTENDANT_AGAIN_MS = 1_000;
/** Time for a dismissed attendant to exit before it is killed, milliseconds. */
export const ATTENDANT_END_MS = 10_000;
/** Time after which a dismissed attendant that has not exited counts as stuck, milliseconds. */
export const STUCK_AFTER_MS = 1_000;
/** Stuck attendants of one user; with more, the user cannot connect until some of them exit. */
export const STUCK_OF_USER_MAX = 64;
/**
 * Stuck attendants of all users, because one person may control many user ids (user_namespaces(7)).
 * With more, only root can connect.
 */
export const STUCK_MAX = 1_024;
