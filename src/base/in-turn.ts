/** Runs actions one after another, in the order of the calls. */
export type Turn = <T>(act: () => Promise<T>) => Promise<T>;

export function inTurn(): Turn {
  let before: Promise<unknown> = Promise.resolve();
  return (act) => {
    // The caller gets the error; the next action runs all the same.
    const done = before.then(act, act);
    before = done;
    return done;
  };
}

/** Waits for no other: for a single domain. */
export const atOnce: Turn = (act) => act();
