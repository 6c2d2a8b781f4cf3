import { deniedTokens, granted } from "../model/granted.ts";
import type { Policy } from "../model/policy.ts";
import type { Plan } from "../plan/plan.ts";
import { barePlan } from "./bare-plan.ts";
import type { PlanOptions } from "./options.ts";
import { INSTRUCTION_BYTES } from "./seccomp/bpf.ts";
import { buildKernelFilter } from "./seccomp/kernel-filter.ts";

type Layer = Plan["mediation"]["report"]["layers"][number];

/**
 * The start of a domain that the bpf-lsm engine holds. What can be lifted while the daemon runs is
 * the engine's, at every level; so the start takes nothing for good but a filter, at level
 * enforcing, and what that needs.
 */
export function kernelPlan(policy: Policy, options: PlanOptions): ReturnType<typeof barePlan> {
  const filter =
    policy.level === "enforcing"
      ? buildKernelFilter({
          listed: granted(policy.syscalls),
          denied: deniedTokens(policy.syscalls),
        })
      : null;
  const isPrivileged = options.facts.features["restrict-without-nnp"].state === "yes";
  const noNewPrivileges = filter !== null && !isPrivileged;
  const { plan, problems } = barePlan(policy, options, {
    engine: "bpf-lsm",
    seccomp: filter === null ? null : { filter, flags: 0, listener: false },
    capabilities: policy.capabilities,
    noNewPrivileges,
    needs: noNewPrivileges ? ["restrict-without-nnp"] : [],
    layers: [engineLayer, filterLayer(filter)],
  });
  return { plan: { ...plan, attended: false }, problems };
}

const engineLayer: Layer = {
  name: "bpf-lsm",
  state: "enforced",
  detail: "names, addresses, processes and words; level and policy are live",
};

function filterLayer(filter: Uint8Array | null): Layer {
  const name = "system calls";
  if (filter === null)
    return { name, state: "lost", detail: "no filter below level enforcing; it takes a restart" };
  const instructions = filter.length / INSTRUCTION_BYTES;
  return {
    name,
    state: "enforced",
    detail: `a filter of ${instructions} instructions, until a restart, whatever the level`,
  };
}
