import type { PermissionSet } from "../permission.ts";
import type { DirectoryPlacement } from "./types.ts";

/**
 * A directory in which the kernel makes and removes names, with the permissions that all names
 * below it have.
 */
export interface WalkedDirectory extends Omit<DirectoryPlacement, "refer"> {
  /**
   * Permissions of every name below that no kernel rule on inodes holds: attributes, map, connect,
   * listen.
   */
  readonly unheld: PermissionSet;
}

/**
 * When a file moves between directories the kernel compares the rights that it knows, and not the
 * others. So only directories that agree in those others may exchange files without the mediator:
 * the largest such group, and of equal groups the one with fewer permissions. All other moves are
 * brokered.
 */
export function giveRefer(directories: readonly WalkedDirectory[]): readonly DirectoryPlacement[] {
  const sizes = new Map<PermissionSet, number>();
  for (const { kernelCreates, unheld } of directories) {
    if (kernelCreates) sizes.set(unheld, (sizes.get(unheld) ?? 0) + 1);
  }
  const [chosen] = [...sizes].sort(([a, sizeA], [b, sizeB]) => sizeB - sizeA || a - b)[0] ?? [-1];
  return directories.map(({ unheld, ...placement }) => ({
    ...placement,
    refer: placement.kernelCreates && unheld === chosen,
  }));
}
