import { capabilityMask } from "../kernel/capability-mask.ts";
import { CAP_SYS_PTRACE } from "../kernel/constants.ts";
import type { HostFacts, Probe } from "../kernel/host-facts.ts";

/**
 * Whether Yama lets this caller's processes look only into their descendants. Then the mediator
 * must be the daemon's ancestor.
 */
export function ancestorsOnly({ ptraceScope, caller }: HostFacts): boolean {
  return ptraceScope === 1 && (caller.capabilities & capabilityMask(CAP_SYS_PTRACE)) === 0n;
}

/**
 * Whether a mediator can look into the daemon. The probe asks about an unrelated process, which an
 * attended daemon is not.
 */
export function targetAccess(facts: HostFacts): Probe {
  return ancestorsOnly(facts) ? { state: "yes" } : facts.features["target-access"];
}
