import { slotState } from "../../plan/slots.ts";
import { TAKE_OVERS_MAX } from "../limits.ts";
import type { Slot } from "./slot.ts";

/**
 * How this loop got the domain. `holder`: the holder handed it over, perhaps because the previous
 * mediator died over one of its calls. `dead` and `retired`: the previous mediator died or was
 * retired while it worked for another domain, so no call of this one is to blame. The workers of a
 * retired mediator live on. Those of a dead one have ended or are about to.
 */
export type Origin = "holder" | "dead" | "retired";

export type Left = "nothing" | "send" | "decide" | "worker" | "held" | "unknown";

/**
 * Decides what to do with a slot. `waits`: the kernel says that a thread still waits for the
 * answer. A slot marked `free` can still hold a call, because a mediator may die between receiving
 * a call and marking the slot. A call that was begun is never begun again. The file system does not
 * tell whether it was done: another process may have made a name that exists.
 *
 * If its worker may still live, the worker keeps the call. Otherwise the call is taken from it:
 * either it has had no effect and can have none any more, or its outcome is unknown.
 */
export function whatIsLeft(slot: Slot, waits: boolean, origin: Origin): Left {
  // The holder has the order or has yet to hear of it; the holder checks whether the call waits.
  if (slot.state === slotState.held || slot.state === slotState.over) return "held";
  if (slot.id === 0n || !waits) return "nothing";
  if (slot.state === slotState.done && slot.responseId === slot.id) return "send";
  if (slot.inWorker && origin === "retired") return "worker";
  const isUntouched = slot.inWorker
    ? slot.takeFromWorker()
    : slot.state !== slotState.started && slot.state !== slotState.done;
  if (!isUntouched || (origin === "holder" && slot.takenOver >= TAKE_OVERS_MAX)) return "unknown";
  return "decide";
}
