import type { LateNames } from "../late-names.ts";
import type { PermissionSet } from "../permission.ts";
import type { NameRule } from "../rule.ts";
import type { InodeId } from "../snapshot.ts";

export interface SealedView {
  /** `brokered`: the mediator opens granted files and directories that are not of the start. */
  readonly lateNames: LateNames;
  /** Sorted by path. A rule on a directory applies to everything below, now and later. */
  readonly directories: readonly DirectoryPlacement[];
  /** Sorted by path. A rule on a file applies to its inode and ends with it. */
  readonly inodes: readonly InodePlacement[];
  /**
   * Rules with permissions that the kernel does not hold: the mediator judges these calls by name,
   * as they come.
   */
  readonly brokered: readonly BrokeredRule[];
  readonly widened: readonly Deviation[];
  readonly lost: readonly Deviation[];
  /**
   * Rules whose plain directory or name does not exist: reads and writes below it stay denied until
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
   * Bits of read, write, execute and ioctl that apply below; create and delete only if the
   * directory is homogeneous. Not repeated below: a nested placement carries its own full rights.
   */
  readonly rights: PermissionSet;
  /** Both create and delete are in `rights`. */
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
 * listed has names below that may not be read, and the kernel's right to list would apply to
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
  /** The first missing name on the way. */
  readonly path: string;
}

export interface TooWide {
  /** Directory at which VIEW_ENTRIES_MAX or VIEW_DEPTH_MAX was exceeded. */
  readonly path: string;
  /** Rules with wildcards that begin at or above it. */
  readonly rules: readonly NameRule[];
}
