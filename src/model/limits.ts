/**
 * Every bound of the model, with its unit. What exceeds one is refused with a typed problem or
 * error, never cut.
 */

/**
 * Bytes of one pattern after UTF-8 encoding, an escape counted as one. PATH_MAX of Linux without
 * its NUL: no longer name can be opened at once.
 */
export const PATTERN_BYTES_MAX = 4095;

/** Flat patterns that the braces of one pattern may expand to. */
export const PATTERN_ALTERNATIVES_MAX = 256;

/** Levels of braces inside braces. */
export const PATTERN_NESTING_MAX = 8;

/** Tokens of all parsed patterns that are cached; beyond that the cache is emptied. */
export const PATTERN_TOKENS_KEPT_MAX = 1 << 18;

/**
 * Nodes of the automaton's first form: about the bytes of all patterns, shared prefixes counted
 * once.
 */
export const AUTOMATON_NODES_MAX = 1 << 21;

/** States of an automaton, also before it is minimised. */
export const AUTOMATON_STATES_MAX = 1 << 19;

/** Cells (states times byte classes, 4 bytes each) of a transition table. */
export const AUTOMATON_CELLS_MAX = 1 << 25;

/** Pairs of states that one rename may compare; beyond that every permission counts as gained. */
export const GAIN_PAIRS_MAX = 1 << 20;

/**
 * Pairs of names below a renamed directory that `decide()` compares, one per kind of name that the
 * rules distinguish; beyond that the rename counts as a gain.
 */
export const NAMES_BELOW_PAIRS_MAX = 1 << 14;

/** File names that one walk of the snapshot may look at. */
export const VIEW_ENTRIES_MAX = 100_000;

/** Names of a snapshot that are cached; further ones are looked up anew. */
export const SNAPSHOT_NAMES_KEPT_MAX = 1 << 18;

/** Depth of directories that the walk follows. */
export const VIEW_DEPTH_MAX = 256;

/** Names that are looked up one by one in a directory before the walk lists it instead. */
export const VIEW_LITERALS_MAX = 1024;

/** Symbolic links followed for one name; the kernel's MAXSYMLINKS. */
export const LINKS_FOLLOWED_MAX = 40;
