import type { Policy } from "../model/policy.ts";
import { barePlan } from "./bare-plan.ts";
import type { PlanOptions } from "./options.ts";

/**
 * A disabled domain's daemon runs unconfined, as the user named in the policy, without layers and
 * with every capability.
 */
export function disabledPlan(policy: Policy, options: PlanOptions): ReturnType<typeof barePlan> {
  const detail = "the domain is disabled: its daemon runs unconfined";
  return barePlan(policy, options, {
    ...{ engine: "landlock", seccomp: null, capabilities: [], noNewPrivileges: false, needs: [] },
    layers: [{ name: "all", state: "lost", detail }],
  });
}
