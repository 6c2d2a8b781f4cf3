/** Times that something is tried to find what it refuses. */
const TRIES_MAX = 100;

/**
 * As many of a list's elements, in its order, as may be had together: without those that are
 * refused by themselves, and without the last ones if they are too many.
 */
export function usable<T>(
  list: readonly T[],
  isUsable: (some: readonly T[]) => boolean,
): readonly T[] {
  let left = TRIES_MAX;
  const beside = (first: readonly T[], some: readonly T[]): readonly T[] => {
    if (some.length === 0 || left <= 0) return [];
    left -= 1;
    if (isUsable([...first, ...some])) return some;
    if (some.length === 1) return [];
    const middle = some.length >> 1;
    const begin = beside(first, some.slice(0, middle));
    return [...begin, ...beside([...first, ...begin], some.slice(middle))];
  };
  return beside([], list);
}
