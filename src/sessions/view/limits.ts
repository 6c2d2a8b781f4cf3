/**
 * Bundles that are made at a time for administrators, and for all others: each costs a process for
 * some seconds.
 */
export const COLLECTS_MAX = 1;
/** For a bundle to be made. */
export const COLLECT_WAIT_MS = 60_000;
/** What a bundle is made of, as JSON. */
export const COLLECTED_BYTES_MAX = 64 * 1024 * 1024;
/** How long a viewer's connection may be idle: a bundle takes its time. */
export const VIEW_IDLE_MS = 2 * COLLECT_WAIT_MS;
