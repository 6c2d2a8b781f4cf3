import { LiveTable } from "../../domains/live-table.ts";
import { THREADS_KEPT_MAX, THREADS_KEPT_SHARED_MAX } from "../limits.ts";
import { LogQueue } from "../report/log-queue.ts";
import { Identity } from "../target/identity.ts";
import { Mounts } from "../walk/mounts.ts";
import { descriptorsOfDomain } from "./descriptor-budget.ts";

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
  /** Descriptors that calls of each domain may keep. */
  readonly descriptorsOfDomain: number;
  /** Where the host's table of domains and the policies in force lie. */
  readonly folder: string;
  /** Where many domains' events wait; null where each is written at once. */
  readonly logs: LogQueue | null;
  #table: LiveTable | null = null;

  /** `mayWait`: calls on slow file systems are done here. `shared`: of many domains. */
  constructor(mayWait: boolean, folder: string, shared = false) {
    this.logs = shared ? new LogQueue() : null;
    this.threadsKept = shared ? THREADS_KEPT_SHARED_MAX : THREADS_KEPT_MAX;
    this.descriptorsOfDomain = descriptorsOfDomain(shared);
    this.mounts = new Mounts(mayWait);
    this.mayWait = mayWait;
    this.folder = folder;
  }

  get table(): LiveTable {
    this.#table ??= LiveTable.open(`${this.folder}/table`);
    return this.#table;
  }
}
