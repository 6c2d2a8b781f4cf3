import type { PermissionSet } from "../permission.ts";
import type { NameRule } from "../rule.ts";
import type { InodeId } from "../snapshot.ts";

export interface SealedView {
  /**
   * Kernel rules on directories, sorted by path: what they give holds for everything below, now and
   * later.
   */
  readonly directories: readonly DirectoryPlacement[];
  /** Kernel rules on single files, sorted by path: they hold for the inode and die with it. */
  readonly inodes: readonly InodePlacement[];
  /**
   * Rules with permissions that the kernel does not hold: the broker judges these calls by name,
   * live.
   */
  readonly brokered: readonly BrokeredRule[];
  /** What the kernel gives beyond the policy. */
  readonly widened: readonly Deviation[];
  /** What the policy grants and a sealed domain does not have. */
  readonly lost: readonly Deviation[];
  /**
   * Rules whose plain directory or name is not there: reads and writes under it stay denied until
   * the next start.
   */
  readonly missing: readonly MissingRule[];
  /**
   * Not empty: the walk was given up, the view is incomplete and must not be used to start a
   * domain.
   */
  readonly tooWide: readonly TooWide[];
}

export interface DirectoryPlacement {
  readonly path: string;
  readonly inode: InodeId;
  /**
   * Bits of read, write, execute and ioctl that hold below; create and delete only where the
   * directory is homogeneous. Not repeated below: a nested placement carries its own full rights.
   */
  readonly rights: PermissionSet;
  /** The kernel itself makes and removes names here: both create and delete are in `rights`. */
  readonly kernelCreates: boolean;
  /**
   * Names may move and be linked between this directory, its subdirectories and the others with
   * `refer`.
   */
  readonly refer: boolean;
}

export interface InodePlacement {
  readonly path: string;
  readonly inode: InodeId;
  readonly rights: PermissionSet;
}

export interface BrokeredRule {
  readonly rule: NameRule;
  readonly permissions: PermissionSet;
}

/**
 * `procfs`: kernel rules below the root of a procfs do not last. `listing`: a directory that may be
 * listed has names below that may not be read, and the kernel's right to list would reach
 * directories below it. `unreadable`: the compiler could not list a directory, so names in it that
 * are granted one by one are unknown.
 */
export interface Deviation {
  readonly path: string;
  readonly permissions: PermissionSet;
  readonly why: "procfs" | "listing" | "unreadable";
}

export interface MissingRule {
  readonly rule: NameRule;
  /** The first name on the way that is not there. */
  readonly path: string;
}

export interface TooWide {
  /** Directory at which VIEW_ENTRIES_MAX or VIEW_DEPTH_MAX was exceeded. */
  readonly path: string;
  /** Allow and deny rules with a choice of names that begins at or above it. */
  readonly rules: readonly NameRule[];
}
