import type { Layer } from "../../compile/word-holding.ts";
import { capabilityMask } from "../../kernel/capability-mask.ts";
import { CAP_SETPCAP } from "../../kernel/constants.ts";
import type { HostFacts } from "../../kernel/host-facts.ts";
import { systemCalls } from "../../kernel/system-calls/table.ts";
import { granted } from "../../model/granted.ts";
import type { Policy } from "../../model/policy.ts";
import type { Identity } from "../../plan/plan.ts";
import { capabilityNames, maskOfCapabilities } from "./model.ts";

export function boundingOf(policy: Pick<Policy, "capabilities">): bigint {
  const names = granted(policy.capabilities);
  return maskOfCapabilities((name) => names.has(name));
}

/** What `plan` says of a domain whose bounding set is taken at the start. */
export function boundedCapabilities({ bounding }: Identity, { caller }: HostFacts): Layer {
  const names = capabilityNames.filter((_, bit) => (bounding & capabilityMask(bit)) !== 0n);
  const detail = names.length === 0 ? "none" : names.join(", ");
  const droppable = (caller.capabilities & capabilityMask(CAP_SETPCAP)) !== 0n;
  if (droppable || caller.capabilities === 0n)
    return { name: "capabilities", state: "enforced", detail };
  return {
    name: "capabilities",
    state: "partial",
    detail: `${detail}; the caller lacks CAP_SETPCAP, so its bounding set stays`,
  };
}

/**
 * The same for a domain that keeps its bounding set, because a dropped capability could not be
 * given back.
 */
export const keptCapabilities: Layer = {
  name: "capabilities",
  state: "partial",
  detail:
    "all are kept, since none could be given back: not live. In their place the calls that " +
    `need ${[...new Set(needed())].join(", ")} are judged; other uses are told at level ` +
    "warning, if an agent has them recorded (doctor)",
};

function needed(): string[] {
  return systemCalls.flatMap((call) => {
    if (call.class === "privilege") return [call.capability];
    if (call.class === "state" && call.capability !== undefined) return [call.capability];
    return [];
  });
}
