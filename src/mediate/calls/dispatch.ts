import { attempt } from "../answer/attempt.ts";
import { guarded } from "../answer/guarded.ts";
import type { Answer, Outcome } from "../answer/outcome.ts";
import { refuseForm, refuseUnlisted } from "../answer/refuse-call.ts";
import type { Broker } from "../domain/broker.ts";
import { Call, type Notification } from "./call.ts";
import { judgeUses } from "./state/words.ts";
import { supervise } from "./supervise.ts";
import { handlerOf } from "./table.ts";

/**
 * Judges one call and carries it out. A failure becomes a refusal; only IdentityLost is thrown. The
 * caller closes the call once it is answered.
 */
export function dispatch(
  broker: Broker,
  notification: Notification,
): { outcome: Answer; call: Call } {
  const call = new Call(broker, notification);
  return { outcome: attempt(call, () => (call.supervised ? supervise(call) : judge(call))), call };
}

function judge(call: Call): Outcome {
  const handler = handlerOf(call.number);
  const isListed = call.broker.lists(call.name) || call.row?.sealed?.list === "may-deny";
  const refused = isListed ? judgeUses(call) : null;
  if (refused !== null) return refused;
  if (!call.broker.lists(call.name)) return refuseUnlisted(call);
  if (handler === null) return refuseForm(call);
  return guarded(call, handler);
}
