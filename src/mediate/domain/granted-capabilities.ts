import { maskOfCapabilities } from "../../kinds/capabilities/model.ts";
import { decide } from "../../model/decide.ts";
import type { Policy } from "../../model/policy.ts";

/**
 * As a mask of `1 << number`. A target that was started at level warning may have others, too; the
 * mediator acts for it with none of those.
 */
export function grantedCapabilities(policy: Policy): bigint {
  return maskOfCapabilities(
    (name) => decide(policy, { class: "capability", name }).outcome === "granted",
  );
}
