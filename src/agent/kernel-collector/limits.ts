/**
 * How often the cgroup programs' records are looked at and the collector's state is written,
 * milliseconds: the programs remember 2,048 different refusals.
 */
export const LOOK_MS = 250;
/** How often it is looked whether anybody still needs the collector, milliseconds. */
export const NEED_LOOK_MS = 5_000;
/** Looks in a row that must find neither an agent nor a sealed run before the collector ends. */
export const UNNEEDED_LOOKS = 2;
/** How often auditing that is not to be had is tried again, milliseconds. */
export const TRY_AGAIN_MS = 30_000;
/** How often it is looked whether somebody has switched auditing off, milliseconds. */
export const SWITCH_LOOK_MS = 5_000;
/** How long a collector waits for the one before it to write down what it has, milliseconds. */
export const SUCCESSION_MS = 10_000;
/** Events of one domain that get a line of their own between two flushes. */
export const NAMED_OF_DOMAIN_MAX = 250;
/** Kinds of events of one domain that are remembered for folding. */
export const REMEMBERED_OF_DOMAIN_MAX = 1_024;
/** Landlock domains of others that are remembered as such; the oldest is asked about again. */
export const FOREIGN_MAX = 4_096;
/** Landlock domains that were met before anything told whose they are. */
export const UNTIED_MAX = 1_024;
/** The collector gives way to whatever has work: a flood of refusals slows itself down first. */
export const NICE = 5;
