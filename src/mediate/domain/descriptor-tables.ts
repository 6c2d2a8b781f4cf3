import { offsetsOf } from "../../plan/layout.ts";
import { letGoOn } from "../../plan/slots.ts";

const { tablesShared: SHARED } = offsetsOf(letGoOn);

/**
 * Whether two processes of a supervised domain may share one table of descriptors, so that one
 * could exchange what the other's call is judged by. A call that makes such a process goes on at
 * the lower levels only; who shares with whom afterwards nobody is told, so that it is believed of
 * all until the domain is started anew. It lies in memory that mediator, worker and successor
 * share.
 */
export class DescriptorTables {
  readonly #memory: Buffer;

  constructor(memory: Buffer) {
    this.#memory = memory;
  }

  /** Before a call is answered that may make a process with the descriptors of another one. */
  share(): void {
    this.#memory.writeUInt32LE(1, SHARED);
  }

  get mayBeShared(): boolean {
    return this.#memory.readUInt32LE(SHARED) !== 0;
  }
}
