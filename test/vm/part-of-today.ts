import { isWhole, shareOf } from "../../scripts/share-of-day.mjs";

/** One for the run: what is tried and what is looked for must be the same, also at midnight. */
const today = new Date();

/**
 * What `npm test` has an emulated machine try today; with `COFFERDAM_WHOLE=1`, as `.ci/run` has it,
 * all. A file that has each third day (scripts/share-of-day.mjs) comes to each part if `parts` is
 * no multiple of three.
 */
export function partOfToday<T>(all: readonly T[], parts: number): readonly T[] {
  return isWhole ? all : shareOf(all, parts, today);
}
