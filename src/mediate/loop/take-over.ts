import { slotState } from "../../plan/slots.ts";
import { TAKE_OVERS_MAX } from "../limits.ts";
import type { Slot } from "./slot.ts";

/** What is left to do about a call of which a dead mediator left a slot. */
export type Left = "nothing" | "send" | "decide" | "unknown";

/**
 * `waits`: the kernel says that somebody still waits for the answer. A slot that says `free` may
 * hold a call all the same: its mediator died between receiving it and saying so. Nothing that was
 * begun is begun again, and nobody asks the file system whether it was done: a name that is there
 * may be somebody else's doing.
 */
export function whatIsLeft(slot: Slot, waits: boolean): Left {
  if (slot.id === 0n || !waits) return "nothing";
  if (slot.state === slotState.done && slot.responseId === slot.id) return "send";
  if (slot.inWorker || slot.state === slotState.started || slot.state === slotState.done)
    return "unknown";
  return slot.takenOver >= TAKE_OVERS_MAX ? "unknown" : "decide";
}
