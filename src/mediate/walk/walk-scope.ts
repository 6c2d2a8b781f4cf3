import { abi, E } from "../sys/abi.ts";
import type { Errno } from "../sys/errno.ts";
import type { Target } from "../target/target.ts";
import { canonical } from "./place.ts";

const SCOPED = abi.RESOLVE_BENEATH | abi.RESOLVE_IN_ROOT;

interface Failed {
  readonly kind: "error";
  readonly errno: Errno;
}

const failed = (errno: Errno): Failed => ({ kind: "error", errno });

/**
 * The restrictions of openat2(2) on a walk (RESOLVE_*). Each method returns the error of a violated
 * restriction, or null.
 */
export class Scope {
  readonly #target: Target;
  readonly #start: number;
  readonly #resolve: number;
  /**
   * Whether the kernel has looked up the root by now. This decides whether a link to `/` violates
   * RESOLVE_NO_XDEV (nd_jump_root). A scoped walk looks it up at the start (path_init).
   */
  #isRooted: boolean;

  constructor(target: Target, start: number, resolve: number) {
    this.#target = target;
    this.#start = start;
    this.#resolve = resolve;
    this.#isRooted = start === target.root || (resolve & SCOPED) !== 0;
  }

  /** The directory that `/` means, and above which `..` does not lead. */
  get root(): number {
    this.#isRooted = true;
    return this.#resolve & SCOPED ? this.#start : this.#target.root;
  }

  link(): Failed | null {
    return this.#resolve & abi.RESOLVE_NO_SYMLINKS ? failed(E.LOOP) : null;
  }

  /** For a link of procfs, which leads to an object instead of a name. */
  magic(): Failed | null {
    if (this.#resolve & (abi.RESOLVE_NO_SYMLINKS | abi.RESOLVE_NO_MAGICLINKS))
      return failed(E.LOOP);
    return this.#resolve & SCOPED ? failed(E.XDEV) : null;
  }

  /** For a step to the root, or one that would lead above it. */
  leaves(): Failed | null {
    const beyond = this.#isRooted ? 0 : abi.RESOLVE_NO_XDEV;
    return this.#resolve & (abi.RESOLVE_BENEATH | beyond) ? failed(E.XDEV) : null;
  }

  /** For a step to another mount. */
  crosses(): Failed | null {
    return this.#resolve & abi.RESOLVE_NO_XDEV ? failed(E.XDEV) : null;
  }

  /** For the end of the walk: `..` may have left the scope if a directory was moved meanwhile. */
  ends(directory: number): Failed | null {
    if ((this.#resolve & SCOPED) === 0) return null;
    const [root, here] = [canonical(this.#start), canonical(directory)];
    if (typeof root === "number" || typeof here === "number") return failed(E.AGAIN);
    return here === root || here.startsWith(root === "/" ? "/" : `${root}/`)
      ? null
      : failed(E.AGAIN);
  }
}
