/** In the machine: until it is there, no daemon starts, so that a boot is no contest for ports. */
export const GO = "/run/library/go";
/** On the machine's console, behind it the daemon's name and what was seen of it, as JSON. */
export const SEEN = "seen: ";
/** In the environment of a step: seconds after the boot, from when on none is begun. */
export const LAST_BEGIN = "COFFERDAM_LAST_BEGIN";
