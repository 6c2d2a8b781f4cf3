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
/**
 * Time for a whole request to arrive, milliseconds. One that the agent on a busy host did not get
 * to read meanwhile has arrived.
 */
export const REQUEST_WAIT_MAX_MS = 20_000;
/** An idle connection is closed after this time, milliseconds. */
export const IDLE_MAX_MS = 30_000;
/**
 * Time for the compiler to make a requested plan, milliseconds, after those that were asked for
 * before: as long as the launcher waits (`native/agent.c`).
 */
export const PLAN_WAIT_MAX_MS = 600_000;
/** Interval of the looks at a plan's compiler and its launcher, milliseconds. */
export const LOOK_AT_PLAN_MS = 1_000;
/** Longest `--for`, seconds: a year. */
export const FOR_SECONDS_MAX = 366 * 86_400;
/** Characters of a list of groups, as the launcher sends it (`native/agent.c`). */
export const GROUPS_LENGTH_MAX = 4_096;
/** Characters of the reason for an exception. */
export const WHY_LENGTH_MAX = 200;
/** Refused peers that get an answer at a time; further ones are cut off. */
export const TURNED_AWAY_MAX = 16;
/** Time for the request of a refused peer, milliseconds. */
export const TURNED_AWAY_WAIT_MS = 1_000;
