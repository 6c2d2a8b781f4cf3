import { SNAPSHOT_NAMES_KEPT_MAX } from "../model/limits.ts";
import type { NameFact } from "../plan/plan.ts";
import type { HostSnapshot, Look } from "./host-snapshot.ts";

export interface Moment extends HostSnapshot {
  /** The first lstat of the name by this moment; taken now if there was none. */
  factOf(path: string): NameFact;
}

/**
 * A snapshot that looks at each name once, so that all stages get one answer and each fact is the
 * lstat that the plan was made from. Any later change makes the plan stale. One moment may serve
 * many compilations, but if it lasts too long, the plans are stale when they are made.
 */
export function oneMoment(inner: HostSnapshot): Moment {
  const looks = new Map<string, Look>();
  const lists = new Map<string, readonly string[] | null>();
  let listed = 0;
  const look = (path: string): Look => {
    const known = looks.get(path);
    if (known !== undefined) return known;
    const found = inner.look(path);
    if (looks.size < SNAPSHOT_NAMES_KEPT_MAX) looks.set(path, found);
    return found;
  };
  return {
    look,
    lookup: (path) => look(path).node,
    list(path) {
      const known = lists.get(path);
      if (known !== undefined) return known;
      // Looked at before the names are read: a change meanwhile shows in the directory's ctime.
      look(path);
      const names = inner.list(path);
      listed += names?.length ?? 0;
      if (listed < SNAPSHOT_NAMES_KEPT_MAX) lists.set(path, names);
      return names;
    },
    factOf: (path) => look(path).fact(),
  };
}
