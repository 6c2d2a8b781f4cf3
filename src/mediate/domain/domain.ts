import { fstatSync } from "node:fs";
import type { Event } from "../../events/event.ts";
import { type Mapping, mapShared } from "../../kernel/ffi.ts";
import { bothOutputs } from "../report/both-outputs.ts";
import { logOutput } from "../report/event-output.ts";
import { EventPipe } from "../report/event-pipe.ts";
import { Reporter } from "../report/reporter.ts";
import { SocketRecords } from "../report/socket-records.ts";
import { UsedCapabilities } from "../report/used-capabilities.ts";
import { readAll } from "../sys/read-all.ts";
import { close } from "../sys/sys.ts";
import { Broker } from "./broker.ts";
import { generationOf } from "./generation.ts";
import type { Handed } from "./handed.ts";
import { isLive, Live } from "./live.ts";
import type { ProcessState } from "./process-state.ts";
import { memoryOf, recordsRead, untoldOf } from "./shared-memory.ts";
import { type View, viewOf } from "./view.ts";

/** One domain, as its mediator or that mediator's worker sees it. */
export class Domain {
  readonly handed: Handed;
  readonly memory: Mapping;
  readonly broker: Broker;
  readonly reporter: Reporter;
  readonly #isWorker: boolean;
  /** null where the domain has this process's own view. */
  readonly #view: View | null;
  /** null in a worker: the mediator beside it reads the records. */
  readonly socketRecords: SocketRecords | null;
  /** null in a worker, and for domains that are not root's, which have no control group. */
  readonly usedCapabilities: UsedCapabilities | null;

  /**
   * Throws for an invalid plan, and where the domain's mounts cannot be looked at. `seen`: see
   * {@link Reporter}.
   */
  constructor(handed: Handed, state: ProcessState, seen?: (event: Event) => void) {
    const generation = generationOf(readAll(handed.plan));
    const { plan } = generation;
    const problems = {
      notTaken: (count: number, why: string) =>
        this.reporter.failed(
          "policy not taken",
          `generation ${count}: ${why}; the one before stays in force`,
        ),
      notMarked: (why: string) => this.reporter.failed("used grants not recorded", why),
    };
    const isOwn = handed.mounts === null && handed.users === null;
    this.#view = isOwn ? null : viewOf(handed, state.view, state.mayWait);
    this.handed = handed;
    this.memory = mapShared(handed.slots, fstatSync(handed.slots).size);
    const memory = memoryOf(this.memory.bytes);
    const live = isLive(plan) ? new Live(plan, state, memory.outdatedPolicy, problems) : null;
    this.broker = new Broker(generation, state, live, memory, this.#view ?? state.view);
    const log = logOutput(plan.mediation.events, state.logs);
    const output = handed.events === null ? log : bothOutputs(log, new EventPipe(handed.events));
    const untold = (by: "mediator" | "worker") => untoldOf(this.memory.bytes, by);
    this.reporter = new Reporter(
      this.broker,
      output,
      untold(state.mayWait ? "worker" : "mediator"),
      seen,
    );
    this.#isWorker = state.mayWait;
    const read = recordsRead(this.memory.bytes);
    this.socketRecords = state.mayWait ? null : new SocketRecords(this.broker, this.reporter, read);
    this.usedCapabilities =
      state.mayWait || plan.cgroup === null || plan.mode !== "supervised"
        ? null
        : new UsedCapabilities(this.broker, this.reporter, state.uses);
  }

  /**
   * Logs the events that the previous process counted and did not write, before this one counts.
   */
  succeed(): void {
    this.reporter.succeed();
    // A worker ends with its mediator.
    if (!this.#isWorker) this.reporter.lostWith(untoldOf(this.memory.bytes, "worker"));
    this.socketRecords?.succeed();
  }

  /** For a domain that another process serves. */
  abandon(): void {
    this.socketRecords?.abandon();
    this.usedCapabilities?.abandon();
    this.reporter.abandon();
    this.#giveBack();
  }

  /**
   * Passes on everything that is left to tell. `exiting`: this process serves no other domain and
   * may wait.
   */
  finish(workerIsGone: boolean, exiting: boolean): void {
    if (workerIsGone) this.reporter.lostWith(untoldOf(this.memory.bytes, "worker"));
    this.socketRecords?.finish(exiting);
    this.usedCapabilities?.close();
    this.reporter.flush();
  }

  /**
   * Closes everything that was handed over. Its memory must not be touched afterwards.
   */
  close(): void {
    this.reporter.close();
    this.#giveBack();
  }

  #giveBack(): void {
    const { listener, slots, plan, mounts, users } = this.handed;
    this.broker.close();
    this.#view?.close();
    this.memory.unmap();
    for (const fd of [listener, slots, plan, mounts ?? -1, users ?? -1]) if (fd >= 0) close(fd);
  }
}
