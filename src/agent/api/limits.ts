/** Connections at a time, all callers together. */
export const CONNECTIONS_MAX = 64;
/**
 * Connections at a time of all users except root, because one person may have many ids
 * (user_namespaces(7)): root always finds room.
 */
export const CONNECTIONS_OF_USERS_MAX = 48;
/** Connections at a time of one user that is not root. */
export const CONNECTIONS_OF_USER_MAX = 4;
export const HEADER_BYTES_MAX = 8 * 1024;
export const BODY_BYTES_MAX = 16 * 1024;
/** For the head of a request. */
export const HEADER_WAIT_MAX_MS = 5_000;
/** For a whole request. */
export const REQUEST_WAIT_MAX_MS = 10_000;
/** For a connection on which nothing moves. */
export const IDLE_MAX_MS = 15_000;
/** How often Node looks for expired requests, while there are connections. */
export const LOOK_FOR_SLOW_MS = 1_000;
/** Longest `--for`, seconds: a year. */
export const FOR_SECONDS_MAX = 366 * 86_400;
/** Refused peers that still get an answer, at a time; others are cut off. */
export const TURNED_AWAY_MAX = 16;
/** How long a refused peer has to ask for its answer. */
export const TURNED_AWAY_WAIT_MS = 1_000;
