import { fstatSync } from "node:fs";
import { mediatorDescriptors } from "../../plan/slots.ts";

/** What a holder hands over, as descriptors of this process. */
export interface Handed {
  /** Of the domain's seccomp filter. */
  readonly listener: number;
  /** memfd of the calls in flight (`plan/slots.ts`). */
  readonly slots: number;
  /** memfd of the plan. */
  readonly plan: number;
  /** Pipe of `run --events`; null: events go to the log. */
  readonly events: number | null;
}

/**
 * What a mediator was started with. A holder without a pipe for events gives /dev/null: a number
 * that it left free would be one of Node's own by now.
 */
export function inherited(): Handed {
  const { listener, slots, plan, events } = mediatorDescriptors;
  return { listener, slots, plan, events: fstatSync(events).isFIFO() ? events : null };
}
