import { LiveTable } from "../../domains/live-table.ts";
import { THREADS_KEPT_MAX, THREADS_KEPT_SHARED_MAX } from "../limits.ts";
import { LogQueue } from "../report/log-queue.ts";
import { Identity } from "../target/identity.ts";
import { descriptorsOfDomain } from "./descriptor-budget.ts";
import { HostUses } from "./host-uses.ts";
import { ownView, type View } from "./view.ts";

/**
 * What a mediator has once, however many domains it serves: the identity belongs to its thread and
 * the view to its namespace.
 */
export class ProcessState {
  readonly identity = new Identity();
  readonly view: View;
  readonly mayWait: boolean;
  readonly threadsKept: number;
  readonly descriptorsOfDomain: number;
  readonly folder: string;
  /** null: each event is written at once. */
  readonly logs: LogQueue | null;
  readonly uses: HostUses;
  #table: LiveTable | null = null;

  /** `mayWait`: this process does calls on slow file systems. `shared`: it serves many domains. */
  constructor(mayWait: boolean, folder: string, shared = false) {
    this.logs = shared ? new LogQueue() : null;
    this.threadsKept = shared ? THREADS_KEPT_SHARED_MAX : THREADS_KEPT_MAX;
    this.descriptorsOfDomain = descriptorsOfDomain(shared);
    this.view = ownView(mayWait);
    this.mayWait = mayWait;
    this.folder = folder;
    this.uses = new HostUses(folder);
  }

  get table(): LiveTable {
    this.#table ??= LiveTable.open(`${this.folder}/table`);
    return this.#table;
  }
}
