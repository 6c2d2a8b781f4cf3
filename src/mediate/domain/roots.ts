import { offsetsOf } from "../../plan/layout.ts";
import { letGoOn } from "../../plan/slots.ts";
import { close } from "../sys/sys.ts";
import type { View } from "./view.ts";

const { rootsDiffer: DIFFER } = offsetsOf(letGoOn);

/**
 * The root directory that all threads of a supervised domain share: that of its first process,
 * until a thread makes a call that can change a root. From then on each thread's root is looked up
 * for every call, because the mediator does not learn when such a call is done. That it was made is
 * recorded in memory that mediator, worker and successor share.
 */
export class Roots {
  readonly #memory: Buffer;
  readonly #view: Pick<View, "isRoot">;
  #root = -1;
  #isView: boolean | null = null;

  constructor(memory: Buffer, view: Pick<View, "isRoot">) {
    this.#memory = memory;
    this.#view = view;
  }

  /** Call before answering a call that may change a root directory. */
  differ(): void {
    this.#memory.writeUInt32LE(1, DIFFER);
    this.close();
  }

  /**
   * O_PATH, kept here. `open` opens the calling thread's root. null if threads may have different
   * ones.
   */
  common(open: () => number): number | null {
    if (this.#memory.readUInt32LE(DIFFER) !== 0) {
      this.close();
      return null;
    }
    if (this.#root < 0) this.#root = open();
    return this.#root;
  }

  isView(root: number): boolean {
    if (root !== this.#root) return false;
    this.#isView ??= this.#view.isRoot(root);
    return this.#isView;
  }

  close(): void {
    if (this.#root >= 0) close(this.#root);
    this.#root = -1;
    this.#isView = null;
  }
}
