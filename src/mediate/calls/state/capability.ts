import { capabilityNames } from "../../../model/capability.ts";
import { decide } from "../../../model/decide.ts";
import type { Outcome } from "../../answer/outcome.ts";
import { spellCall } from "../../report/spell-call.ts";
import { E } from "../../sys/abi.ts";
import type { Call } from "../call.ts";

/**
 * null when the policy grants the capability, or the target has none that the kernel could go by:
 * then the kernel says so itself. Of a running process no capability can be taken, so that the call
 * that needs one is judged in its place.
 */
export function judgeCapability(call: Call, name: string): Outcome | null {
  const request = { class: "capability", name } as const;
  const bit = 1n << BigInt((capabilityNames as readonly string[]).indexOf(name));
  if ((call.target.credentials.effective & bit) === 0n) return null;
  if (decide(call.broker.policy, request).outcome === "granted") return null;
  const refusal = {
    class: "capability",
    operation: "use",
    object: `${name} for ${spellCall(call)}`,
    request,
  } as const;
  return { kind: "refused", errno: E.PERM, refusal: { ...refusal, reason: "no-rule" } };
}
