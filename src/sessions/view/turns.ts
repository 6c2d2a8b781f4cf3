import { setImmediate } from "node:timers/promises";

/**
 * Files of /proc or control groups that are read before others get their turn: some milliseconds.
 */
const STEPS_PER_TURN_MAX = 32;

/**
 * Does `step` for each, and now and then lets waiting work of this process, such as a login, go
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
