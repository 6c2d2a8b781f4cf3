import type { EventOutput } from "./event-output.ts";

/**
 * The event log, and what `run --events` writes to. Only the log decides whether an event was
 * passed on.
 */
export function bothOutputs(log: EventOutput, beside: EventOutput): EventOutput {
  return {
    append: (event, passedOn) => {
      beside.append(event, () => undefined);
      log.append(event, passedOn);
    },
    flush: () => {
      const isLeft = [beside.flush(), log.flush()];
      return isLeft.includes(true);
    },
    close: () => {
      beside.close();
      log.close();
    },
    abandon: () => {
      beside.abandon();
      log.abandon();
    },
  };
}
