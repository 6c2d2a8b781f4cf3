import { capabilityMask } from "../kernel/capability-mask.ts";
import { CAP_AUDIT_READ, CAP_SYS_ADMIN } from "../kernel/constants.ts";
import { type FeatureName, landlockAbiOf } from "../kernel/features.ts";
import type { HostFacts } from "../kernel/host-facts.ts";
import type { Plan } from "../plan/plan.ts";
import { ancestorsOnly } from "./attended.ts";
import type { CgroupLayer } from "./cgroup-layer.ts";
import type { Missing } from "./fallbacks.ts";
import type { SocketModes } from "./sockets/modes.ts";

/**
 * What the host lacked when a plan was made, and may get without a change of kernel or caller. The
 * front checks it before it uses the plan. If the front cannot check a lack, the plan is for one
 * start only.
 */
export function hostOf(facts: HostFacts, lacked: readonly FeatureName[]): Plan["host"] {
  return {
    landlockAbi: facts.landlockAbi,
    ptraceScope: facts.ptraceScope,
    withoutCgroup2: facts.cgroup2 === null,
    forOneStart: lacked.some((feature) => !goesOn(facts, feature)),
  };
}

/** Features that a plan would have used and does without. */
export function lackedBy(
  missing: readonly Missing[],
  cgroup: CgroupLayer,
  facts: HostFacts,
  modes: SocketModes | null,
): FeatureName[] {
  const unavailable = (feature: FeatureName, wanted: boolean): FeatureName[] =>
    wanted && facts.features[feature].state !== "yes" ? [feature] : [];
  return [
    ...missing.filter(({ fallback }) => fallback.without !== "less").map(named),
    ...unavailable("cgroup-inet", modes?.inet.granted === true),
    ...unavailable("cgroup-unix", modes?.unix.granted === true),
    ...(cgroup.kind === "absent" && !cgroup.goesOn ? ["cgroup-inet" as const] : []),
  ];
}

const named = ({ fallback }: Missing): FeatureName => fallback.feature;

/** The capability without which the host refuses the feature. */
const capabilityOf: Partial<Record<FeatureName, number>> = {
  "restrict-without-nnp": CAP_SYS_ADMIN,
  "cgroup-inet": CAP_SYS_ADMIN,
  "cgroup-unix": CAP_SYS_ADMIN,
  "private-ipc": CAP_SYS_ADMIN,
  "audit-read": CAP_AUDIT_READ,
};

function goesOn(facts: HostFacts, feature: FeatureName): boolean {
  const probe = facts.features[feature];
  if (probe.state === "no" && probe.byKernel === true) return true;
  if (facts.landlockAbi < (landlockAbiOf(feature) ?? 0)) return true;
  const capability = capabilityOf[feature];
  const isPrivileged = capability === undefined || has(facts, capability);
  if (!isPrivileged) return true;
  if (feature === "target-access") return ancestorsOnly(facts) || facts.ptraceScope > 0;
  return feature.startsWith("cgroup-") && facts.cgroup2 === null;
}

function has({ caller }: HostFacts, capability: number): boolean {
  return (caller.capabilities & capabilityMask(capability)) !== 0n;
}
