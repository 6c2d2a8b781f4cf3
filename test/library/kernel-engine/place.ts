/** In the machine: until it is there, no daemon starts, so that a boot is no contest for ports. */
export const GO = "/run/library/go";
