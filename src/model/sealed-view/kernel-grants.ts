import { Permission, type PermissionSet } from "../permission.ts";
import type { InodeId } from "../snapshot.ts";
import type { SealedView } from "./types.ts";

/**
 * Permissions that kernel rules on inodes hold in a sealed domain: names that the walk did not
 * reach do not have them.
 */
export const kernelHeld: PermissionSet =
  Permission.read | Permission.write | Permission.execute | Permission.ioctl;

/** What a rule on a directory can carry beside. */
export const kernelNames: PermissionSet = Permission.create | Permission.delete;

/**
 * What the kernel gives for a name and what it leads to. With an inode the inode decides (a hard
 * link elsewhere is the same inode); without, the placement of that path is taken to stand still.
 */
export function kernelGrants(view: SealedView, path: string, inode: InodeId | null): PermissionSet {
  const index = indexOf(view);
  let rights = 0;
  for (const directory of selfAndParents(path)) rights |= index.directories.get(directory) ?? 0;
  return rights | ((inode === null ? index.paths.get(path) : index.inodes.get(inode)) ?? 0);
}

/** `/a/b`, `/a`, `/`. */
function* selfAndParents(path: string): Generator<string> {
  for (let at = path; at.startsWith("/"); at = at.slice(0, Math.max(1, at.lastIndexOf("/")))) {
    yield at;
    if (at === "/") return;
  }
}

interface Index {
  readonly directories: ReadonlyMap<string, PermissionSet>;
  readonly paths: ReadonlyMap<string, PermissionSet>;
  readonly inodes: ReadonlyMap<InodeId, PermissionSet>;
}

const indexes = new WeakMap<SealedView, Index>();

function indexOf(view: SealedView): Index {
  const known = indexes.get(view);
  if (known !== undefined) return known;
  const inodes = new Map<InodeId, PermissionSet>();
  for (const { inode, rights } of view.inodes) inodes.set(inode, (inodes.get(inode) ?? 0) | rights);
  const index = {
    directories: new Map(view.directories.map(({ path, rights }) => [path, rights])),
    paths: new Map(view.inodes.map(({ path, rights }) => [path, rights])),
    inodes,
  };
  indexes.set(view, index);
  return index;
}
