import type { Snapshot, SnapshotNode } from "../../../src/model/snapshot.ts";

/**
 * `file`, `directory`, ..., `-> TARGET` for a symbolic link, `unreadable` for a directory that
 * cannot be listed.
 */
export type TreeEntry = SnapshotNode["kind"] | "unreadable" | `-> ${string}`;

/**
 * Parents that are not written are directories. Inodes are numbered by path. `procfs` names the
 * roots of procfs mounts, `foreign` what another user may exchange.
 */
export function memorySnapshot(
  tree: Record<string, TreeEntry>,
  procfs: readonly string[] = [],
  foreign: readonly string[] = [],
): Snapshot {
  const entries = new Map<string, TreeEntry>([["/", "directory"]]);
  for (const [path, entry] of Object.entries(tree)) {
    for (let at = path.indexOf("/", 1); at > 0; at = path.indexOf("/", at + 1)) {
      const parent = path.slice(0, at);
      if (!entries.has(parent)) entries.set(parent, tree[parent] ?? "directory");
    }
    entries.set(path, entry);
  }
  const paths = [...entries.keys()].sort();
  return {
    lookup(path) {
      const entry = entries.get(path);
      if (entry === undefined) return null;
      const isLink = entry.startsWith("-> ");
      return {
        kind: isLink
          ? "symlink"
          : entry === "unreadable"
            ? "directory"
            : (entry as SnapshotNode["kind"]),
        inode: `1:${paths.indexOf(path) + 1}`,
        target: isLink ? entry.slice(3) : null,
        procfs: procfs.some((root) => path === root || path.startsWith(`${root}/`)),
        foreign: foreign.includes(path),
      };
    },
    list(path) {
      const entry = entries.get(path);
      if (entry !== "directory") return null;
      const below = path === "/" ? "/" : `${path}/`;
      return paths
        .filter(
          (name) =>
            name !== "/" && name.startsWith(below) && !name.slice(below.length).includes("/"),
        )
        .map((name) => name.slice(below.length));
    },
  };
}
