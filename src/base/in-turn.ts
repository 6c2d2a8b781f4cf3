/** Lets what waits for it happen one after another, in the order in which it was asked. */
export type Turn = <T>(act: () => Promise<T>) => Promise<T>;

export function inTurn(): Turn {
  let before: Promise<unknown> = Promise.resolve();
  return (act) => {
    // An error is its own caller's, who has the same promise.
    const done = before.then(act, act);
    before = done;
    return done;
  };
}

/** For one alone. */
export const atOnce: Turn = (act) => act();
