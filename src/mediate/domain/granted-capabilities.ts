import { maskOfCapabilities } from "../../model/capability.ts";
import { decide } from "../../model/decide.ts";
import type { Policy } from "../../model/policy.ts";

/**
 * Mask of `1 << number` for each capability that the policy grants. A target that was started at
 * level warning may have others too: the mediator lends it none of these for what it does.
 */
export function grantedCapabilities(policy: Policy): bigint {
  return maskOfCapabilities(
    (name) => decide(policy, { class: "capability", name }).outcome === "granted",
  );
}
