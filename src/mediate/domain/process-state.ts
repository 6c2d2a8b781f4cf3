import { LiveTable } from "../../domains/live-table.ts";
import { THREADS_KEPT_MAX, THREADS_KEPT_SHARED_MAX } from "../limits.ts";
import { LogQueue } from "../report/log-queue.ts";
import { Identity } from "../target/identity.ts";
import { Mounts } from "../walk/mounts.ts";
import { descriptorsOfDomain } from "./descriptor-budget.ts";

/**
 * What a mediator has once, however many domains it serves: the identity belongs to its thread and
 * the table of mounts to its namespace.
 */
export class ProcessState {
  readonly identity = new Identity();
  readonly mounts: Mounts;
  readonly mayWait: boolean;
  /** Threads kept per domain. */
  readonly threadsKept: number;
  /** Descriptors that the calls of one domain may keep. */
  readonly descriptorsOfDomain: number;
  /** The folder of the host's table of domains and of the policies in force. */
  readonly folder: string;
  /** The queue of the domains' events; null where each event is written at once. */
  readonly logs: LogQueue | null;
  #table: LiveTable | null = null;

  /** `mayWait`: this process does calls on slow file systems. `shared`: it serves many domains. */
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
