/**
 * Milliseconds between readings of the cgroup programs' records, which hold 2,048 different
 * refusals, and between writes of the collector's state.
 */
export const LOOK_MS = 250;
/** Milliseconds between looks for an agent or a sealed run that needs the collector. */
export const NEED_LOOK_MS = 5_000;
/** Looks in a row that must find neither an agent nor a sealed run before the collector ends. */
export const UNNEEDED_LOOKS = 2;
/** Milliseconds until an unavailable audit source is tried again. */
export const TRY_AGAIN_MS = 30_000;
/** Milliseconds between checks that auditing is still on. */
export const SWITCH_LOOK_MS = 5_000;
/** Milliseconds for which a collector waits until the previous one has written its state. */
export const SUCCESSION_MS = 10_000;
/** Events of one domain that get a line of their own between two flushes. */
export const NAMED_OF_DOMAIN_MAX = 250;
/** Kinds of events of one domain that are remembered for folding. */
export const REMEMBERED_OF_DOMAIN_MAX = 1_024;
/** Landlock domains of other programs that are remembered as such; the oldest is examined again. */
export const FOREIGN_MAX = 4_096;
/**
 * Landlock domains that are tied to a run. The kernel's record of one's end may be lost, so the
 * oldest is forgotten; its later denials are told by the run's control group.
 */
export const TIED_MAX = 4_096;
/** Landlock domains with denials that are tied to no run yet. */
export const UNTIED_MAX = 1_024;
/** Policies of runs with denials that are kept; a plan may have ten thousand rules. */
export const POLICIES_MAX = 64;
/** A flood of refusals slows itself down before other processes. */
export const NICE = 5;
