import { dirname } from "node:path";
import type { Actor } from "../domains/levels.ts";
import { LiveTableWriter } from "../domains/live-table-writer.ts";
import type { Event } from "../events/event.ts";
import { LOG_RETRY_MS } from "../events/limits.ts";
import { type EventLog, openEventLog } from "../events/log/event-log.ts";
import { HostError } from "../host/host-error.ts";
import { libraryFile } from "../host/load.ts";
import type { Places } from "../host/places.ts";
import { explained } from "../host/standing.ts";
import { makeFolder, modesFor } from "../host/write-whole.ts";
import { type FileLock, lockFile } from "../kernel/file-lock.ts";
import type { Level } from "../model/policy.ts";
import { ApiServer } from "./api/server.ts";
import { auditEvent, failedEvent, theHost } from "./audit.ts";
import { DomainTable } from "./domain-table.ts";
import type { DomainEntry } from "./entry.ts";
import { type LevelChange, Levels } from "./levels.ts";
import { listen } from "./listen.ts";
import { LivePlans } from "./live-plans.ts";
import { LogFollower } from "./log-follower.ts";
import { type MediatorCommand, MediatorKeeper } from "./mediator-keeper.ts";
import { type ReloadOutcome, reload } from "./reload.ts";
import { RunsWatch } from "./runs-watch.ts";

export interface AgentOptions {
  readonly places: Places;
  /** null: there is no shared mediator; each run has its own. */
  readonly mediator: MediatorCommand | null;
  /** The control socket where somebody else listens on it for us. */
  readonly activated: number | null;
  /** Lines for whoever reads the agent's standard error. */
  readonly log: (text: string) => void;
}

/**
 * The resident part of a host: keeps numbers, levels, the live table and the policies of running processes, keeps the shared mediator alive, and serves the control API.
 * Nothing that is enforced hangs on it: it may die at any moment, and the next one goes on from the files.
 */
export class Agent {
  readonly places: Places;
  readonly log: (text: string) => void;
  readonly since = new Date().toISOString();
  readonly table: DomainTable;
  readonly mediator: MediatorKeeper | null;
  readonly #lock: FileLock;
  readonly #writer: LiveTableWriter;
  readonly #plans: LivePlans;
  readonly #levels: Levels;
  readonly #events: EventLog;
  readonly #api: ApiServer;
  readonly #runs: RunsWatch;
  readonly #follower: LogFollower;
  /** Orders are done one after the other. */
  #last: Promise<unknown> = Promise.resolve();
  #retry: NodeJS.Timeout | null = null;

  private constructor({ places, mediator, log }: AgentOptions, lock: FileLock) {
    this.places = places;
    this.log = log;
    this.#lock = lock;
    this.#events = openEventLog(dirname(places.events));
    this.#writer = LiveTableWriter.open(places.system.table);
    this.table = new DomainTable(places, this.#writer, log);
    this.#plans = new LivePlans(places, this.#writer);
    this.#levels = new Levels(places, this.table, (event) => this.tell(event));
    this.#api = new ApiServer(this);
    this.#runs = new RunsWatch(places.system.runs, () => void this.#exclusive(() => this.#runsChanged()));
    this.#follower = new LogFollower(dirname(places.events), places.system.forwarding, log);
    this.mediator =
      mediator === null
        ? null
        : new MediatorKeeper(mediator, places.system.mediatorLock, (count, why) => {
            this.log(`the shared mediator has ended: ${why}`);
            this.tell(
              failedEvent(theHost, "mediator", `it has ended (${why}) and is started again, for the ${count}. time`),
            );
          });
  }

  /** @throws HostError when there is an agent already, or the host's state is broken */
  static async start(options: AgentOptions): Promise<Agent> {
    const { system, events } = options.places;
    for (const folder of [
      dirname(system.table),
      system.live,
      system.runs,
      dirname(system.numbers),
      system.levels,
      dirname(events),
    ])
      makeFolder(folder, modesFor(0));
    const lock = lockFile(system.agentLock);
    if (lock === null)
      throw new HostError("an agent is running already", "cofferdam status tells which; end that one first");
    const agent = new Agent(options, lock);
    try {
      await agent.#load();
      await listen(agent.#api.server, options.activated ?? system.control);
      agent.mediator?.start();
      return agent;
    } catch (error) {
      await agent.stop();
      throw error;
    }
  }

  /** Runs and the mediator go on. */
  async stop(): Promise<void> {
    this.#runs.stop();
    this.#levels.stop();
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.mediator?.stop();
    await this.#api.close();
    await this.#last;
    this.#events.close();
    this.#follower.stop();
    this.#writer.close();
    this.#lock.release();
  }

  tell(event: Event): void {
    this.#events.append(event);
    this.#writeLater();
  }

  /** While the log cannot be written nothing else would try again. */
  #writeLater(): void {
    if (this.#events.problem === null) return;
    this.#retry ??= setTimeout(() => {
      this.#retry = null;
      this.#events.flush();
      this.#writeLater();
    }, LOG_RETRY_MS);
  }

  /** Denials and warnings of today, by domain. */
  eventsToday(): ReadonlyMap<string, number> {
    return this.#follower.today();
  }

  get counters(): {
    readonly refusedPeers: number;
    readonly eventsLost: number;
    readonly eventsProblem: string | null;
    readonly forwarding: Readonly<Record<string, string>>;
  } {
    return {
      refusedPeers: this.#api.refused,
      eventsLost: this.#events.lost,
      eventsProblem: this.#events.problem,
      forwarding: this.#follower.problems,
    };
  }

  reload(name: string | null, by: Actor): Promise<readonly ReloadOutcome[]> {
    return this.#exclusive(async () => {
      const outcomes = await reload(this.places, this.table, this.#plans, name === null ? null : [name]);
      for (const one of outcomes) {
        if (one.outcome === "unchanged") continue;
        const entry = this.table.get(one.name);
        const level = (entry === null ? null : this.table.levelOf(entry)) ?? "enforcing";
        const words = one.outcome === "bad" ? "refused: its file is broken" : one.outcome;
        this.tell(auditEvent({ domain: one.name, number: one.number, level }, "reload", words, by));
      }
      return outcomes;
    });
  }

  /** `name` null: all domains. `level` null: the policy's own again. */
  giveLevel(
    name: string | null,
    level: Level | null,
    seconds: number | null,
    by: Actor,
  ): Promise<readonly LevelChange[]> {
    return this.#exclusive(async () => {
      if (name !== null) await this.#know(name);
      const entry = name === null ? null : this.table.get(name);
      const entries: readonly DomainEntry[] = name === null ? this.table.entries : entry === null ? [] : [entry];
      return this.#levels.give(entries, level, seconds, by, name === null);
    });
  }

  async #load(): Promise<void> {
    const { places, table } = this;
    const outcomes = await explainedAsync(() => reload(places, table, this.#plans, null));
    for (const { name, problems } of outcomes) {
      if (problems === null) continue;
      this.log(`the policy of ${name} cannot be used; what was in force still is\n${problems}`);
      const level = this.#writer.level(this.table.get(name)?.number ?? 0) ?? "enforcing";
      const number = this.table.get(name)?.number ?? null;
      this.tell(
        failedEvent({ domain: name, number, level }, "load", "its file is broken: cofferdam check tells where"),
      );
    }
    this.#levels.watch();
    await this.#refreshPlans();
    this.#runs.start();
    this.#follower.start();
  }

  /** Processes that outlived the last agent may have missed a change of their policy. */
  async #refreshPlans(): Promise<void> {
    for (const { name, number } of this.table.entries) {
      const followed = this.#runs.followed(name, number);
      if (!followed) this.#plans.withdraw(number);
      else {
        const compiled = await this.#plans.compile(name);
        if (compiled.state === "good") this.#plans.put(number, compiled.bytes);
        else this.log(`the policy of ${name} cannot be put into force: what was still is\n${compiled.problems}`);
      }
    }
  }

  /** Names that `run` has given numbers since: policy files that are new, and instances. */
  async #know(name: string): Promise<void> {
    if (this.table.get(name) === null && libraryFile(this.places, name) !== null)
      await reload(this.places, this.table, this.#plans, [name]);
  }

  async #runsChanged(): Promise<void> {
    for (const domain of this.#runs.domains()) await this.#know(domain);
    const gone = this.table.entries.filter(({ name, number }) => name.includes("@") && !this.#runs.any(name, number));
    if (gone.length > 0) await reload(this.places, this.table, this.#plans, null);
    for (const { name, number } of this.table.entries)
      if (!this.#runs.followed(name, number)) this.#plans.withdraw(number);
  }

  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch((error: unknown) =>
      this.log(`an order failed: ${error instanceof Error ? error.stack : error}`),
    );
    return result;
  }
}

async function explainedAsync<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    return explained(() => {
      throw error;
    });
  }
}
