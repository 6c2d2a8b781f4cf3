import { slotState } from "../../plan/slots.ts";
import { TAKE_OVERS_MAX } from "../limits.ts";
import type { Slot } from "./slot.ts";

/**
 * How this loop comes to the domain. `holder`: its holder handed it over, perhaps because the last
 * mediator died over one of its calls. The others: the last mediator was at work for another domain
 * when it died or was retired, so that none of this one's calls is to blame. The workers of one
 * that was `retired` live on; those of one that is `dead` have ended, or are about to.
 */
export type Origin = "holder" | "dead" | "retired";

/** What is left to do about a call of which the last mediator left a slot. */
export type Left = "nothing" | "send" | "decide" | "worker" | "held" | "unknown";

/**
 * `waits`: the kernel says that somebody still waits for the answer. A slot that says `free` may
 * hold a call all the same: its mediator died between receiving it and saying so. Nothing that was
 * begun is begun again, and nobody asks the file system whether it was done: a name that is there
 * may be somebody else's doing.
 *
 * A call that a worker has stays with the worker where that may live on. Where it may not, the call
 * is taken from it: either it has had no effect and can have none any more, or nobody knows.
 */
export function whatIsLeft(slot: Slot, waits: boolean, origin: Origin): Left {
  // The holder has it, or has not been heard; whether the call waits is the holder's concern.
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
