import { SNAPSHOT_NAMES_KEPT_MAX } from "../model/limits.ts";
import type { Snapshot, SnapshotNode } from "../model/snapshot.ts";

/**
 * A snapshot that looks each name up once, so that all who ask during one run get one answer. What the directories hold is
 * asked once by each and not kept. For one compilation only: a later one must see the host anew.
 */
export function oneMoment(inner: Snapshot): Snapshot {
  const nodes = new Map<string, SnapshotNode | null>();
  return {
    lookup(path) {
      const known = nodes.get(path);
      if (known !== undefined) return known;
      const node = inner.lookup(path);
      if (nodes.size < SNAPSHOT_NAMES_KEPT_MAX) nodes.set(path, node);
      return node;
    },
    list: (path) => inner.list(path),
  };
}
