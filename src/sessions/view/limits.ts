/**
 * Bundles at a time for administrators, and as many for all others: each takes a process for some
 * seconds.
 */
export const COLLECTS_MAX = 1;
/** Time for a bundle to be made, milliseconds. */
export const COLLECT_WAIT_MS = 60_000;
/** The largest bundle, as JSON. */
export const COLLECTED_BYTES_MAX = 64 * 1024 * 1024;
/** How long a viewer's connection may be idle; making a bundle must fit in. */
export const VIEW_IDLE_MS = 2 * COLLECT_WAIT_MS;
