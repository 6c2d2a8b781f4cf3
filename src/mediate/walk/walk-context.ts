import type { Errno } from "../sys/errno.ts";
import type { Bytes } from "../sys/sys.ts";
import type { Target } from "../target/target.ts";
import type { Mounts } from "./mounts.ts";
import type { Place } from "./place.ts";

/** Where a path of the target leads. */
export type Walked =
  | { readonly kind: "place"; readonly place: Place }
  /**
   * Procfs: nothing there is ever done by the mediator, whose own /proc/self and rights would be
   * used; but for {@link WalkContext.procfs}.
   */
  | {
      readonly kind: "procfs";
      /** Whose link it is that is not followed. */
      readonly process?: number;
    }
  /**
   * What the target's own `/proc/self/exe`, `cwd`, `root` leads to, O_PATH. Only where procfs is
   * opened.
   */
  | { readonly kind: "object"; readonly fd: number }
  /** A file system of another mount namespace, or none's; or a procfs that is not /proc. */
  | { readonly kind: "unknown" | "other-procfs" }
  /** `/proc/self/fd/N` of the target's own, followed: the same as its descriptor N. */
  | { readonly kind: "descriptor"; readonly number: number }
  | { readonly kind: "error"; readonly errno: Errno };

/** A path out of the target's memory, and where it starts: its root, or the directory it named. */
export interface PathArgument {
  readonly text: Bytes;
  readonly start: number;
}

export type Follow = "always" | "before-slash" | "never";

export interface WalkContext {
  readonly target: Target;
  readonly mounts: Mounts;
  /**
   * A symbolic link in the last component: calls that make or remove names never follow it, not
   * even before a slash; those that look at an object without following do so before a slash
   * (path_resolution(7)).
   */
  readonly follow: Follow;
  /**
   * It follows links and would make a file where they lead: a slash behind that name is its own
   * affair.
   */
  readonly makes: boolean;
  /** Only what has the name counts: nothing is done by name in the directory that it lies in. */
  readonly objectOnly: boolean;
  /**
   * `open`: entries of procfs are places too, as the target sees them, and its own links there are
   * followed.
   */
  readonly procfs: "never" | "open";
  /** RESOLVE_* of openat2(2); 0 otherwise. */
  readonly resolve: number;
  /** Looks something up in a directory of that name: see {@link Call.asItself}. */
  readonly asItself: <T>(directory: Bytes, look: () => T) => T;
}
