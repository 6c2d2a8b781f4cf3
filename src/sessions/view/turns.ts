import { setImmediate } from "node:timers/promises";

/** Files of /proc or control groups to read before other work has its turn: some milliseconds. */
const STEPS_PER_TURN_MAX = 32;

/**
 * Calls `step` for each item. Now and then lets other work of this process, such as a login, go
 * first.
 */
export async function inTurns<T>(items: Iterable<T>, step: (item: T) => void): Promise<void> {
  let steps = 0;
  for (const item of items) {
    step(item);
    steps += 1;
    if (steps % STEPS_PER_TURN_MAX === 0) await setImmediate();
  }
}
