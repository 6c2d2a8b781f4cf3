import { capabilityMask } from "../kernel/capability-mask.ts";
import { CAP_SYS_PTRACE } from "../kernel/constants.ts";
import type { HostFacts, Probe } from "../kernel/host-facts.ts";

/**
 * Whether Yama lets this caller's processes inspect only their descendants. Then the mediator must
 * be the daemon's ancestor.
 */
export function ancestorsOnly({ ptraceScope, caller }: HostFacts): boolean {
  return ptraceScope === 1 && (caller.capabilities & capabilityMask(CAP_SYS_PTRACE)) === 0n;
}

/**
 * Whether a mediator can inspect the daemon. The probe tries an unrelated process; an attended
 * daemon descends from its mediator.
 */
export function targetAccess(facts: HostFacts): Probe {
  return ancestorsOnly(facts) ? { state: "yes" } : facts.features["target-access"];
}
