import { LiveTable } from "../../domains/live-table.ts";
import { THREADS_KEPT_MAX } from "../limits.ts";
import { Identity } from "../target/identity.ts";
import { Mounts } from "../walk/mounts.ts";

/**
 * What a mediator has once, however many domains it serves: the identity it wears is its thread's,
 * the table of mounts its namespace's.
 */
export class ProcessState {
  readonly identity = new Identity();
  readonly mounts: Mounts;
  readonly mayWait: boolean;
  /** Of each domain. */
  readonly threadsKept: number;
  /** Where the host's table of domains and the policies in force lie. */
  readonly folder: string;
  #table: LiveTable | null = null;

  /** `mayWait`: calls on slow file systems are done here. */
  constructor(mayWait: boolean, folder: string, threadsKept = THREADS_KEPT_MAX) {
    this.threadsKept = threadsKept;
    this.mounts = new Mounts(mayWait);
    this.mayWait = mayWait;
    this.folder = folder;
  }

  get table(): LiveTable {
    this.#table ??= LiveTable.open(`${this.folder}/table`);
    return this.#table;
  }
}
