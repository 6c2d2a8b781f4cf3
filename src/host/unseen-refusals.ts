import { CAPABILITIES_UNSEEN } from "../events/collector/lifecycle.ts";
import { hasCode } from "../kernel/errno-error.ts";
import { isLocked } from "../kernel/file-lock.ts";
import type { HostFacts } from "../kernel/host-facts.ts";
import { whyMissing } from "../kernel/host-facts.ts";
import { readCollectorStatus } from "./collector-status.ts";
import type { Places } from "./places.ts";

/**
 * Refusals of the kernel that do not reach the host's event log now, and why; a phrase each. Empty
 * for ordinary users, whose domains have no collector.
 */
export function unseenRefusals(
  { system, asRoot }: Pick<Places, "system" | "asRoot">,
  { features }: Pick<HostFacts, "features">,
): readonly string[] {
  if (!asRoot) return [];
  const lacking = (["landlock-log", "audit-read"] as const)
    .map((name) => [name, features[name]] as const)
    .flatMap(([name, probe]) => (probe.state === "yes" ? [] : whyMissing(name, probe)));
  if (lacking.length > 0) return [`what Landlock refuses: ${lacking.join("; ")}`];
  const status = statusOf(system);
  if (status === null)
    return ["what the kernel refuses: no agent collects it (cofferdam agent); `run --events` does"];
  const { landlock, programs } = status;
  return [
    ...(landlock === null ? [] : [`what Landlock refuses: ${landlock}`]),
    ...(programs === null ? [] : [`what cgroup programs refuse: ${programs}`]),
  ];
}

/** The same for capabilities that the kernel finds that a call needs, at level warning. */
export function unseenCapabilities({
  system,
  asRoot,
}: Pick<Places, "system" | "asRoot">): readonly string[] {
  if (!asRoot) return [];
  const status = statusOf(system);
  const why =
    status === null ? "no agent has them recorded (cofferdam agent)" : status.capabilities;
  return why === null ? [] : [`${CAPABILITIES_UNSEEN}${why}`];
}

/** null if no collector runs. */
function statusOf({ collectorLock, collectorStatus }: Places["system"]) {
  try {
    return isLocked(collectorLock) ? readCollectorStatus(collectorStatus) : null;
  } catch (error) {
    if (hasCode(error, "EACCES", "EPERM")) return null;
    throw error;
  }
}
