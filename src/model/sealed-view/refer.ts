import type { PermissionSet } from "../permission.ts";
import type { DirectoryPlacement } from "./types.ts";

/**
 * A directory in which the kernel makes and removes names, with everything that all names below it
 * have.
 */
export interface WalkedDirectory extends Omit<DirectoryPlacement, "refer"> {
  /**
   * Permissions of every name below that no kernel rule on inodes holds: attributes, map, connect,
   * listen.
   */
  readonly unheld: PermissionSet;
}

/**
 * The kernel compares the rights it knows when a file moves between directories. It does not know
 * the others, so only directories that agree in those may exchange files by themselves: the largest
 * such group, between equal ones the group with the fewer permissions. Moves between all others are
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
