import type { HostFacts } from "../../kernel/host-facts.ts";
import type { Policy } from "../../model/policy.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import { leadsElsewhere, withoutPrograms } from "./modes.ts";

/**
 * What judges where the sockets of a supervised domain connect and send to, with the reason. With
 * `programs` of its cgroup, connects and sends are not notified.
 */
export interface Destinations {
  readonly by: "programs" | "mediator";
  readonly why: string;
}

export function destinationsOf(
  policy: Policy,
  facts: HostFacts,
  mayPrepare: boolean,
  snapshot: Snapshot,
): Destinations {
  const why = whyAsked(policy, facts, mayPrepare, snapshot);
  return why === null
    ? { by: "programs", why: "cgroup programs compare the kernel's copy of each address and name" }
    : { by: "mediator", why };
}

/** null if the programs can check all that the policy could grant. */
function whyAsked(
  policy: Policy,
  facts: HostFacts,
  mayPrepare: boolean,
  snapshot: Snapshot,
): string | null {
  if (!mayPrepare || facts.cgroup2 === null) return withoutPrograms(facts, "cgroup-inet");
  for (const feature of ["cgroup-inet", "cgroup-unix"] as const)
    if (facts.features[feature].state !== "yes") return withoutPrograms(facts, feature);
  return leadsElsewhere(policy, snapshot);
}
