/** The bit of a capability (`CAP_*` of `constants.ts`) in a set, as in /proc/PID/status. */
export function capabilityMask(capability: number): bigint {
  return 1n << BigInt(capability);
}
