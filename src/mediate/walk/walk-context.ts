import type { Errno } from "../sys/errno.ts";
import type { Bytes } from "../sys/sys.ts";
import type { Target } from "../target/target.ts";
import type { Mounts } from "./mounts.ts";
import type { Place } from "./place.ts";

/** Where a path of the target leads. */
export type Walked =
  | { readonly kind: "place"; readonly place: Place }
  /**
   * In procfs. The mediator does nothing there itself, because its own /proc/self and rights would
   * be used; the exception is {@link WalkContext.procfs}.
   */
  | {
      readonly kind: "procfs";
      /** The process whose link was not followed. */
      readonly process?: number;
    }
  /**
   * The object behind the target's own `/proc/self/exe`, `cwd` or `root`, O_PATH. Only where procfs
   * is opened.
   */
  | { readonly kind: "object"; readonly fd: number }
  /** On a file system of another or no mount namespace, or on a procfs that is not /proc. */
  | { readonly kind: "unknown" | "other-procfs" }
  /** The target's own `/proc/self/fd/N`, followed: its descriptor N. */
  | { readonly kind: "descriptor"; readonly number: number }
  | { readonly kind: "error"; readonly errno: Errno };

/**
 * A path from the target's memory and where it starts: the root, or the directory that the call
 * named.
 */
export interface PathArgument {
  readonly text: Bytes;
  readonly start: number;
}

export type Follow = "always" | "before-slash" | "never";

export interface WalkContext {
  readonly target: Target;
  readonly mounts: Mounts;
  /**
   * Whether a symbolic link in the last component is followed. Calls that make or remove names
   * never follow it. Calls that inspect an object without following do so before a final slash
   * (path_resolution(7)).
   */
  readonly follow: Follow;
  /**
   * The call follows links and would make a file at their end. The kernel then judges a final
   * slash.
   */
  readonly makes: boolean;
  /** Only the object counts: nothing is done by name in its directory. */
  readonly objectOnly: boolean;
  /**
   * `open`: entries of procfs are places too, as the target sees them, and the target's own links
   * there are followed.
   */
  readonly procfs: "never" | "open";
  /** RESOLVE_* of openat2(2); 0 otherwise. */
  readonly resolve: number;
  /** Runs a lookup in the directory of that name, see {@link Call.asItself}. */
  readonly asItself: <T>(directory: Bytes, look: () => T) => T;
}
