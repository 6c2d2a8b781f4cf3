import { capabilityMask } from "../../kernel/capability-mask.ts";
import { type Outcome, type Refused, result } from "../../mediate/answer/outcome.ts";
import type { Call } from "../../mediate/calls/call.ts";
import { spellCall } from "../../mediate/report/spell-call.ts";
import { E } from "../../mediate/sys/abi.ts";
import { errnoOf } from "../../mediate/sys/errno.ts";
import { capabilityNames } from "./model.ts";

/**
 * null if the policy grants the capability, or if the target has none that would help, so that the
 * kernel refuses by itself. A capability cannot be taken from a running process, so the calls that
 * need it are judged instead.
 */
export function judgeCapability(call: Call, name: string): Refused | null {
  return judgeCapabilities(call, [name]);
}

/** {@link judgeCapability} if any of several capabilities is enough for the kernel. */
export function judgeCapabilities(call: Call, names: readonly string[]): Refused | null {
  const { effective } = call.target.credentials;
  const held = names.filter((name) => (effective & bitOf(name)) !== 0n);
  const [first] = held;
  const { grantedCapabilities } = call.broker;
  if (first === undefined || held.some((name) => (grantedCapabilities & bitOf(name)) !== 0n))
    return null;
  call.broker.capabilitiesTold.add(`${first} ${call.name}`);
  const refusal = {
    class: "capability",
    operation: "use",
    object: `${first} for ${spellCall(call)}`,
    request: { class: "capability", name: first },
  } as const;
  return { kind: "refused", errno: E.PERM, refusal: { ...refusal, reason: "no-rule" } };
}

function bitOf(name: string): bigint {
  return capabilityMask((capabilityNames as readonly string[]).indexOf(name));
}

/**
 * For a call made without the capabilities that the policy does not grant: if the kernel refused
 * it, that is why.
 */
export function withoutCapability(refused: Refused, value: number): Outcome {
  const lacks = value === -E.PERM || value === -E.ACCES;
  return lacks ? { ...refused, errno: errnoOf(value) } : result(value);
}
