import type { Event } from "../../events/event.ts";
import { decide } from "../../model/decide.ts";
import type { Policy } from "../../model/policy.ts";
import { suggest } from "../../model/suggest.ts";
import type { Refusal } from "../answer/outcome.ts";

/**
 * Why it was refused and what would have allowed it, from the reference model; the refusal itself
 * was decided before.
 */
export function explain(
  policy: Policy,
  refusal: Refusal,
): Pick<Event, "rule" | "reason" | "allow" | "help"> {
  const { request, reason, help } = refusal;
  const helped = help === undefined ? {} : { help };
  if (request === null) return { rule: null, reason, allow: null, ...helped };
  const decision = decide(policy, request);
  if (decision.outcome === "granted")
    return { rule: decision.by.text, reason: "mediator", allow: null };
  return {
    rule: decision.by?.text ?? null,
    reason: decision.reason,
    allow: suggest(request),
    ...helped,
  };
}
