/** `DEV:INO`, both decimal. */
export type InodeId = string;

/**
 * The file names of a host at one moment, as far as a policy reaches. A sealed domain decides on
 * the snapshot taken at its start. All paths are canonical. `src/compile/host-snapshot.ts`
 * implements it for the real host.
 */
export interface Snapshot {
  /** null if there is no such name. Does not follow a symbolic link in the last component. */
  lookup(path: string): SnapshotNode | null;
  /** Sorted by code unit; null if `path` is no directory or cannot be read. */
  list(path: string): readonly string[] | null;
}

export interface SnapshotNode {
  readonly kind: "file" | "directory" | "symlink" | "fifo" | "socket" | "device";
  readonly inode: InodeId;
  /** As written; null if the node is no symbolic link. */
  readonly target: string | null;
  /**
   * The file system is procfs: Landlock rules on anything but its root do not last (landlock-engine
   * A4).
   */
  readonly procfs: boolean;
  /** Of a directory: all users may make names in it. */
  readonly othersMayWrite?: boolean;
  /**
   * A user other than root and the caller may put another link in its place or, of a directory,
   * other names into it.
   */
  readonly foreign?: boolean;
  /** Of a file: whoever executes it becomes another user, or a member of another group. */
  readonly setUserId?: boolean;
}
