import { offsetsOf } from "../../plan/layout.ts";
import { letGoOn } from "../../plan/slots.ts";

const { tablesShared: SHARED } = offsetsOf(letGoOn);

/**
 * Whether processes of a supervised domain may share a table of descriptors. One of them could then
 * exchange the descriptor by which another's call is judged. Below level enforcing, a call that
 * makes such a process goes on. The mediator cannot tell afterwards which processes share, so it
 * assumes that all do until the domain is started anew. Kept in memory that mediator, worker and
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
