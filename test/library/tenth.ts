import { shareOf } from "../../scripts/share-of-day.mjs";

/** The daemons that a day's `npm test` takes: each of them every tenth day. */
export function tenthOf(names: readonly string[], day: Date): readonly string[] {
  return shareOf(names, 10, day);
}
