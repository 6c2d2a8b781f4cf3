import type { Policy } from "../model/policy.ts";
import type { Plan } from "./plan.ts";

/**
 * The policy that a plan carries, for deciding and explaining. JSON carries the bytes of an address
 * as an array of numbers.
 */
export function policyOfPlan(plan: Plan): Policy {
  const policy = plan.mediation.policy as Policy;
  const addresses = policy.addresses.map((rule) =>
    rule.network === null
      ? rule
      : { ...rule, network: { ...rule.network, address: Uint8Array.from(rule.network.address) } },
  );
  return { ...policy, addresses };
}
