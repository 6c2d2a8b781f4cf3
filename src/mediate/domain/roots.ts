import { offsetsOf } from "../../plan/layout.ts";
import { letGoOn } from "../../plan/slots.ts";
import { abi } from "../sys/abi.ts";
import { close, fstat, openPath, sameObject } from "../sys/sys.ts";

const { rootsDiffer: DIFFER } = offsetsOf(letGoOn);

/**
 * The root directory that all threads of a supervised domain have: that of its first process, until
 * somebody asks for a call that gives a thread another one. From then on each thread's is looked up
 * for every call, for nobody is told when such a call has been done. That it was asked for lies in
 * memory that mediator, worker and successor share.
 */
export class Roots {
  readonly #memory: Buffer;
  #root = -1;
  #isOwn: boolean | null = null;

  constructor(memory: Buffer) {
    this.#memory = memory;
  }

  /** Before a call is answered that may change a root directory. */
  differ(): void {
    this.#memory.writeUInt32LE(1, DIFFER);
    this.close();
  }

  /**
   * An O_PATH descriptor, kept here; `open` gives the asking thread's. null where threads may have
   * different ones.
   */
  common(open: () => number): number | null {
    if (this.#memory.readUInt32LE(DIFFER) !== 0) {
      this.close();
      return null;
    }
    if (this.#root < 0) this.#root = open();
    return this.#root;
  }

  /** `root` is the common one, and this process's own. */
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

/** The directory is this process's root directory. */
export function isOwnRoot(root: number): boolean {
  const fd = openPath(abi.AT_FDCWD, "/");
  const [theirs, own] = [fstat(root), fstat(fd)];
  close(fd);
  if (typeof theirs === "number" || typeof own === "number") return false;
  return sameObject(theirs, own) && theirs.mount === own.mount;
}
