import type { EventOutput } from "./event-output.ts";

/**
 * The event log, and what `run --events` writes to. Only the log decides whether an event was
 * passed on.
 */
export function bothOutputs(log: EventOutput, beside: EventOutput): EventOutput {
  return {
    append: (event, owner) => {
      beside.append(event, null);
      log.append(event, owner);
    },
    flush: () => {
      const isLeft = [beside.flush(), log.flush()];
      return isLeft.includes(true);
    },
    close: () => {
      beside.close();
      log.close();
    },
    abandon: (owner) => {
      beside.abandon(owner);
      log.abandon(owner);
    },
  };
}
