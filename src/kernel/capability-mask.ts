/** The bit of a capability (`CAP_*` of `constants.ts`) in a set of them, as /proc/PID/status has it. */
export function capabilityMask(capability: number): bigint {
  return 1n << BigInt(capability);
}
