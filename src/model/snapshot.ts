/** Device and inode number as `DEV:INO`, both decimal. */
export type InodeId = string;

/**
 * The file names of a host at one moment, as far as a policy reaches. A sealed domain decides on
 * the snapshot taken at its start. All paths are canonical. Implementations:
 * `src/compile/host-snapshot.ts` (the real host), tests build their own.
 */
export interface Snapshot {
  /** null when nothing has that name. Does not follow a symbolic link in the last component. */
  lookup(path: string): SnapshotNode | null;
  /** Names in a directory, sorted by code unit; null when it is no directory or cannot be read. */
  list(path: string): readonly string[] | null;
}

export interface SnapshotNode {
  readonly kind: "file" | "directory" | "symlink" | "fifo" | "socket" | "device";
  readonly inode: InodeId;
  /** Where a symbolic link leads, as written; null for everything else. */
  readonly target: string | null;
  /**
   * The file system is procfs: Landlock rules on anything but its root do not last (landlock-engine
   * A4).
   */
  readonly procfs: boolean;
  /** Of a directory: everybody may make names in it. */
  readonly othersMayWrite?: boolean;
}
