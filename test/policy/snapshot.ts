import type { Snapshot, SnapshotNode } from "../../src/model/snapshot.ts";
import { isWithin } from "../../src/model/within.ts";

/**
 * A host made of names: `/a/` a directory, `/a -> b` a symbolic link, else a file. Folders on the
 * way need not be listed. `/proc` is a procfs.
 */
export function snapshotOf(names: readonly string[]): Snapshot {
  const nodes = new Map<string, SnapshotNode>();
  const add = (path: string, kind: SnapshotNode["kind"], target: string | null): void => {
    for (
      let parent = path.slice(0, path.lastIndexOf("/"));
      parent !== "";
      parent = parent.slice(0, parent.lastIndexOf("/"))
    ) {
      if (!nodes.has(parent)) nodes.set(parent, node(parent, "directory", nodes.size, null));
    }
    nodes.set(path, node(path, kind, nodes.size, target));
  };
  nodes.set("/", node("/", "directory", 0, null));
  for (const name of names) {
    const [path = "", target] = name.split(" -> ");
    if (target !== undefined) add(path, "symlink", target);
    else if (path.endsWith("/")) add(path.slice(0, -1), "directory", null);
    else add(path, "file", null);
  }
  return {
    lookup: (path) => nodes.get(path) ?? null,
    list: (path) => {
      if (nodes.get(path)?.kind !== "directory") return null;
      const prefix = path === "/" ? "/" : `${path}/`;
      const below = [...nodes.keys()]
        .filter((name) => name !== "/" && name.startsWith(prefix))
        .map((name) => name.slice(prefix.length));
      return below.filter((name) => !name.includes("/")).sort();
    },
  };
}

function node(
  path: string,
  kind: SnapshotNode["kind"],
  inode: number,
  target: string | null,
): SnapshotNode {
  return { kind, inode: `1:${inode}`, target, procfs: isWithin(path, "/proc") };
}
