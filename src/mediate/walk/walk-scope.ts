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
 * How openat2(2) restricts a walk: RESOLVE_*. Each method gives the error that the restriction
 * means, or null.
 */
export class Scope {
  readonly #target: Target;
  readonly #start: number;
  readonly #resolve: number;
  /**
   * The kernel knows the root already, which decides about RESOLVE_NO_XDEV when a link leads there
   * (nd_jump_root). Where the walk is scoped it does from the start on (path_init).
   */
  #isRooted: boolean;

  /** `start`: where the walk begins. */
  constructor(target: Target, start: number, resolve: number) {
    this.#target = target;
    this.#start = start;
    this.#resolve = resolve;
    this.#isRooted = start === target.root || (resolve & SCOPED) !== 0;
  }

  /** What `/` means, and above which `..` does not lead. */
  get root(): number {
    this.#isRooted = true;
    return this.#resolve & SCOPED ? this.#start : this.#target.root;
  }

  /** A symbolic link is followed. */
  link(): Failed | null {
    return this.#resolve & abi.RESOLVE_NO_SYMLINKS ? failed(E.LOOP) : null;
  }

  /** A link of procfs leads to an object and not to a name. */
  magic(): Failed | null {
    if (this.#resolve & (abi.RESOLVE_NO_SYMLINKS | abi.RESOLVE_NO_MAGICLINKS))
      return failed(E.LOOP);
    return this.#resolve & SCOPED ? failed(E.XDEV) : null;
  }

  /** The walk goes to the root, or would go above it. */
  leaves(): Failed | null {
    const beyond = this.#isRooted ? 0 : abi.RESOLVE_NO_XDEV;
    return this.#resolve & (abi.RESOLVE_BENEATH | beyond) ? failed(E.XDEV) : null;
  }

  /** The walk comes to another mount. */
  crosses(): Failed | null {
    return this.#resolve & abi.RESOLVE_NO_XDEV ? failed(E.XDEV) : null;
  }

  /** At the end: where somebody moved a directory meanwhile, `..` may have led out. */
  ends(directory: number): Failed | null {
    if ((this.#resolve & SCOPED) === 0) return null;
    const [root, here] = [canonical(this.#start), canonical(directory)];
    if (typeof root === "number" || typeof here === "number") return failed(E.AGAIN);
    return here === root || here.startsWith(root === "/" ? "/" : `${root}/`)
      ? null
      : failed(E.AGAIN);
  }
}
