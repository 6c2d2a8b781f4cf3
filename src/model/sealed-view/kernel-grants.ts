import { areBrokered, type LateNames } from "../late-names.ts";
import { Permission, type PermissionSet } from "../permission.ts";
import type { InodeId } from "../snapshot.ts";
import type { SealedView } from "./types.ts";

/**
 * Permissions that kernel rules on inodes hold in a sealed domain: names that the walk did not
 * reach lack them.
 */
export const kernelHeld: PermissionSet =
  Permission.read | Permission.write | Permission.execute | Permission.ioctl;

/**
 * What the mediator does with granted names that are not of the start. Only the kernel executes
 * files and judges the requests to devices.
 */
export function brokeredLate(lateNames: LateNames): PermissionSet {
  return areBrokered(lateNames) ? Permission.read | Permission.write : 0;
}

/** Permissions that a rule on a directory can carry in addition. */
export const kernelNames: PermissionSet = Permission.create | Permission.delete;

/**
 * What the kernel gives for a name and its object. With an inode the inode decides (a hard link
 * elsewhere is the same inode); without one, the placement of that path is assumed unchanged.
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
