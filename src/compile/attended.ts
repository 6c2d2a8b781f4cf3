import { capabilityMask } from "../kernel/capability-mask.ts";
import { CAP_SYS_PTRACE } from "../kernel/constants.ts";
import type { HostFacts, Probe } from "../kernel/host-facts.ts";

/**
 * Yama lets this caller's processes look only at their own descendants: then the mediator must be
 * the daemon's ancestor.
 */
export function ancestorsOnly({ ptraceScope, caller }: HostFacts): boolean {
  return ptraceScope === 1 && (caller.capabilities & capabilityMask(CAP_SYS_PTRACE)) === 0n;
}

/**
 * Whether a mediator can look at the daemon: the probe asks about a stranger, and an attended
 * daemon is none.
 */
export function targetAccess(facts: HostFacts): Probe {
  return ancestorsOnly(facts) ? { state: "yes" } : facts.features["target-access"];
}
