import { offsetsOf } from "../../plan/layout.ts";
import { letGoOn } from "../../plan/slots.ts";

const { tablesShared: SHARED } = offsetsOf(letGoOn);

/**
 * Whether processes of a supervised domain may share a table of descriptors. Then one could
 * exchange the descriptor by which the other's call is judged. Below level enforcing, a call that
 * makes such a process goes on. The mediator does not learn which processes share from then on, so
 * it assumes all of them until the domain is started anew. Kept in memory that mediator, worker and
 * successor share.
 */
export class DescriptorTables {
  readonly #memory: Buffer;

  constructor(memory: Buffer) {
    this.#memory = memory;
  }

  /** Call before answering a call that may make a process that shares another's table. */
  share(): void {
    this.#memory.writeUInt32LE(1, SHARED);
  }

  get mayBeShared(): boolean {
    return this.#memory.readUInt32LE(SHARED) !== 0;
  }
}
