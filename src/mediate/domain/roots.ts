import { offsetsOf } from "../../plan/layout.ts";
import { letGoOn } from "../../plan/slots.ts";
import { abi } from "../sys/abi.ts";
import { close, fstat, openPath, sameObject } from "../sys/sys.ts";

const { rootsDiffer: DIFFER } = offsetsOf(letGoOn);

/**
 * The root directory that all threads of a supervised domain share: that of its first process,
 * until a thread makes a call that can change a root. From then on each thread's root is looked up
 * for every call, because the mediator does not learn when such a call is done. That it was made is
 * noted in memory that mediator, worker and successor share.
 */
export class Roots {
  readonly #memory: Buffer;
  #root = -1;
  #isOwn: boolean | null = null;

  constructor(memory: Buffer) {
    this.#memory = memory;
  }

  /** Call before answering a call that may change a root directory. */
  differ(): void {
    this.#memory.writeUInt32LE(1, DIFFER);
    this.close();
  }

  /**
   * The common root, O_PATH, kept here. `open` opens the calling thread's. null where threads may
   * have different ones.
   */
  common(open: () => number): number | null {
    if (this.#memory.readUInt32LE(DIFFER) !== 0) {
      this.close();
      return null;
    }
    if (this.#root < 0) this.#root = open();
    return this.#root;
  }

  /** Whether `root` is the common one and equals this process's own. */
  isOwn(root: number): boolean {
    if (root !== this.#root) return false;
    this.#isOwn ??= isOwnRoot(root);
    return this.#isOwn;
  }

  close(): void {
    if (this.#root >= 0) close(this.#root);
    this.#root = -1;
    this.#isOwn = null;
  }
}

/** Whether the directory is this process's root. */
export function isOwnRoot(root: number): boolean {
  const fd = openPath(abi.AT_FDCWD, "/");
  const [theirs, own] = [fstat(root), fstat(fd)];
  close(fd);
  if (typeof theirs === "number" || typeof own === "number") return false;
  return sameObject(theirs, own) && theirs.mount === own.mount;
}
