import type { Event } from "../../events/event.ts";
import { loggedRequest } from "../../events/logged-request.ts";
import { remedyOf } from "../../events/remedy.ts";
import { decide } from "../../model/decide.ts";
import type { Policy } from "../../model/policy.ts";
import type { Refusal } from "../answer/outcome.ts";

/**
 * The rule by which a request was refused and the line that would allow it, from the reference
 * model. The refusal has been decided before.
 */
export function explain(
  policy: Policy,
  refusal: Refusal,
): Pick<Event, "request" | "rule" | "reason" | "allow" | "help"> {
  const { request, reason, help } = refusal;
  const helped = help === undefined ? {} : { help };
  if (request === null) return { request, rule: null, reason, allow: null, ...helped };
  const decision = decide(policy, request);
  const logged = loggedRequest(request);
  if (decision.outcome === "granted")
    return { request: logged, rule: decision.by.text, reason: "mediator", allow: null };
  return {
    request: logged,
    rule: decision.by?.text ?? null,
    reason: decision.reason,
    ...remedyOf(policy, request, decision.reason),
    ...helped,
  };
}
