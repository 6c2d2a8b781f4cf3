import { dirname } from "node:path";
import { makeRoot } from "../compile/cgroup/prepare.ts";
import { anchorsFolder } from "../domains/cgroup-path.ts";
import type { Actor } from "../domains/levels.ts";
import { LiveTableWriter } from "../domains/live-table-writer.ts";
import { StateError } from "../domains/state-error.ts";
import { failedEvent, theHost } from "../events/audit-event.ts";
import type { Event } from "../events/event.ts";
import type { ReloadOutcome } from "../host/agent-answers.ts";
import { HostError } from "../host/host-error.ts";
import { domainsInKernel } from "../host/kernel-members.ts";
import { libraryFile } from "../host/load.ts";
import type { Places } from "../host/places.ts";
import { makeFolder, modesFor } from "../host/write-whole.ts";
import { type FileLock, lockFile } from "../kernel/file-lock.ts";
import type { Level } from "../model/policy.ts";
import type { AgentService } from "./agent-service.ts";
import { controlApi } from "./api/control-api.ts";
import { noSuchDomain } from "./api/domain-of.ts";
import type { Arriving } from "./arrivals.ts";
import { DomainTable } from "./domain-table.ts";
import { DriftWatch } from "./drift/drift-watch.ts";
import type { DomainEntry } from "./entry.ts";
import { EvidenceKeeper } from "./evidence/evidence.ts";
import {
  type AddedException,
  type AskedException,
  type EndedExceptions,
  Exceptions,
  type PoliciesInForce,
} from "./exceptions/exceptions.ts";
import { Followers } from "./followers.ts";
import { type Keeper, type KeptCommand, keeperOf } from "./keeper.ts";
import { type LevelChange, Levels } from "./levels.ts";
import { listen } from "./listen.ts";
import { LivePlans } from "./live-plans.ts";
import { LogFollower } from "./log-follower.ts";
import { Logins } from "./logins.ts";
import { LsmFollower } from "./lsm-follower.ts";
import { refreshPlans, withdrawPlans } from "./refresh-plans.ts";
import { RefusalsKeeper } from "./refusals-keeper.ts";
import { reload } from "./reload.ts";
import { brokenEvent, reloadEvents } from "./reload-events.ts";
import { RunsWatch } from "./runs-watch.ts";
import { Sweeper } from "./sweeper.ts";
import { Teller } from "./teller.ts";

export interface AgentOptions {
  readonly places: Places;
  /** null: no shared mediator, so each run has its own; no session server. */
  readonly mediator: KeptCommand | null;
  readonly sessions: KeptCommand | null;
  /** null: the kernel's refusals are not collected, and auditing is not changed. */
  readonly collector: KeptCommand | null;
  /** The control socket, if the service manager listens on it. */
  readonly activated: number | null;
  readonly log: (text: string) => void;
}

/**
 * The resident process of a host: keeps numbers, levels, the live table and the policies of running
 * processes, keeps the shared mediator alive, and serves the control API. Enforcement does not
 * depend on it: it may die at any moment, and the next agent continues from the files.
 */
export class Agent implements AgentService {
  readonly places: Places;
  readonly log: (text: string) => void;
  readonly since = new Date().toISOString();
  readonly table: DomainTable;
  readonly mediator: Keeper | null;
  readonly logins: Logins;
  readonly refusals: RefusalsKeeper | null;
  readonly drift: DriftWatch;
  readonly exceptions: Exceptions;
  readonly evidence: EvidenceKeeper;
  readonly #lock: FileLock;
  readonly #writer: LiveTableWriter;
  readonly #plans: LivePlans;
  readonly #followers: Followers;
  readonly #lsm: LsmFollower;
  readonly #levels: Levels;
  readonly #teller: Teller;
  readonly #api: ReturnType<typeof controlApi>;
  readonly #runs: RunsWatch;
  readonly #follower: LogFollower;
  readonly #sweeper: Sweeper;
  #looking: NodeJS.Immediate | null = null;
  /** Orders are carried out one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(options: AgentOptions, lock: FileLock) {
    const { places, mediator, sessions, collector, log } = options;
    this.places = places;
    this.log = log;
    this.#lock = lock;
    this.#teller = new Teller(dirname(places.events));
    this.#writer = LiveTableWriter.open(places.system.table);
    const tellEvent = (event: Event) => this.tell(event);
    this.#lsm = new LsmFollower(
      places,
      () => this.table,
      () => this.#processes(),
      tellEvent,
      log,
    );
    const anchors = anchorsFolder();
    this.#followers = new Followers(places, this.#writer, this.#lsm, tellEvent, log, anchors);
    this.table = new DomainTable(places, this.#writer, this.#followers, log);
    this.#plans = new LivePlans(places, this.#writer, this.#followers);
    this.evidence = new EvidenceKeeper(places, this.table, log);
    const levelChanged = (event: Event): void => {
      this.tell(event);
      this.#lookSoon();
    };
    this.#levels = new Levels(places, this.table, levelChanged, log);
    const inForce: PoliciesInForce = {
      reload: (name) => this.#renew(name),
      problemsOfStart: async (name) => {
        const compiled = await this.#plans.compileStart(name);
        return compiled.state === "good" ? null : compiled.problems;
      },
    };
    this.exceptions = new Exceptions(places, this.table, inForce, {
      ...{ tell: tellEvent, log },
      due: () => void this.#exclusive(() => this.exceptions.look()),
    });
    this.#api = controlApi(this);
    this.#runs = new RunsWatch(
      places.system.runs,
      () => void this.#exclusive(() => this.#runsChanged()),
      log,
    );
    this.drift = new DriftWatch(this);
    this.#sweeper = new Sweeper(this, this.#followers, (work) => this.#exclusive(work));
    this.#follower = new LogFollower(
      dirname(places.events),
      places.system.forwarding,
      this.evidence,
      log,
    );
    const told = (name: string) => (count: number, why: string) => {
      log(`the ${name} has ended: ${why}`);
      this.tell(
        failedEvent(
          theHost,
          name,
          `it has ended (${why}) and is started again, for the ${count}. time`,
        ),
      );
    };
    const { mediatorLock, sessions: logins } = places.system;
    const isAnother = () => this.#lsm.markOwn();
    this.mediator = keeperOf(mediator, mediatorLock, told("mediator"), isAnother);
    const server = keeperOf(sessions, logins.lock, told("session server"), isAnother);
    this.logins = new Logins(places, server, log);
    const end = told("collector of the kernel's refusals");
    this.refusals =
      collector === null ? null : new RefusalsKeeper(places.system, collector, end, isAnother);
  }

  /** @throws HostError if an agent runs already, or the host's state is broken */
  static async start(options: AgentOptions): Promise<Agent> {
    const { system, events } = options.places;
    const { table, live, runs, numbers, levels, exceptions } = system;
    const state = [dirname(numbers), levels, exceptions, dirname(events)];
    for (const folder of [dirname(table), live, runs, ...state]) makeFolder(folder, modesFor(0));
    const lock = lockFile(system.agentLock);
    if (lock === null)
      throw new HostError(
        "an agent is running already",
        "cofferdam status shows its process; end it first",
      );
    makeAnchorsFolder(options.log);
    const agent = new Agent(options, lock);
    try {
      await agent.#load();
      await listen(agent.#api.server, options.activated ?? system.control);
      agent.mediator?.start();
      agent.refusals?.start();
      agent.logins.start();
      return agent;
    } catch (error) {
      await agent.stop();
      throw error instanceof StateError ? new HostError(error.message, error.help) : error;
    }
  }

  /** Runs and the mediator go on. */
  async stop(): Promise<void> {
    this.#runs.stop();
    this.drift.stop();
    this.#sweeper.stop();
    this.#levels.stop();
    this.exceptions.stop();
    this.mediator?.stop();
    this.refusals?.stop();
    this.logins.stop();
    await this.#api.close();
    if (this.#looking !== null) clearImmediate(this.#looking);
    await this.#last;
    this.exceptions.stop();
    this.#teller.close();
    this.#follower.stop();
    this.#writer.close();
    this.#lock.release();
  }

  tell(event: Event): void {
    this.#teller.tell(event);
  }

  eventsToday(): ReadonlyMap<string, number> {
    return this.#follower.today();
  }

  get counters() {
    return {
      refusedPeers: this.#api.refused,
      eventsOfToday: this.#follower.tally(),
      eventsLost: this.#teller.lost,
      eventsProblem: this.#teller.problem,
      forwarding: this.#follower.problems,
    };
  }

  reload(name: string | null, by: Actor): Promise<readonly ReloadOutcome[]> {
    return this.#exclusive(async () => {
      const outcomes = await reload(
        this.places,
        this.table,
        this.#plans,
        name === null ? null : [name],
      );
      this.#lsm.policies(name === null ? null : new Set([name]));
      for (const event of reloadEvents(outcomes, this.table, by)) this.tell(event);
      this.evidence.look();
      return outcomes;
    });
  }

  giveLevel(
    name: string | null,
    level: Level | null,
    seconds: number | null,
    by: Actor,
  ): Promise<readonly LevelChange[]> {
    return this.#exclusive(async () => {
      if (name !== null) await this.#know(name);
      const entries = name === null ? this.#ofAll(level) : this.#ofOne(name);
      this.#lsm.requireReach(entries);
      // What is in the log by now is about the time before.
      this.evidence.catchUp();
      const changes = this.#levels.give(entries, level, seconds, by, name === null);
      this.evidence.begin(entries);
      return changes;
    });
  }

  /** @throws ApiError if the launcher must not start its command */
  lead(name: string, arriving: Arriving): Promise<void> {
    return this.#exclusive(async () => {
      await this.#know(name);
      const entry = this.table.get(name);
      if (entry === null) throw noSuchDomain(this, name);
      this.#lsm.lead(entry, arriving);
    });
  }

  addException(name: string, asked: AskedException, by: Actor): Promise<AddedException> {
    return this.#exclusive(async () => {
      await this.#know(name);
      // An instance that does not run is in no table.
      if (libraryFile(this.places, name) === null) throw noSuchDomain(this, name);
      return this.exceptions.add(name, asked, by);
    });
  }

  endExceptions(
    name: string,
    id: number | null,
    isPromoted: boolean,
    by: Actor,
  ): Promise<EndedExceptions> {
    return this.#exclusive(() => this.exceptions.end(name, id, isPromoted, by));
  }

  /** For a policy that is another one although its files may mean the same. */
  async #renew(name: string): Promise<ReloadOutcome> {
    const [outcome] = await reload(this.places, this.table, this.#plans, [name], true);
    if (outcome === undefined) throw new RangeError(`no outcome for ${name}`);
    this.#lsm.policies(new Set([name]));
    this.evidence.look();
    return outcome;
  }

  /** This one, and those that it keeps alive. */
  #processes(): readonly number[] {
    const kept = [this.mediator?.state, this.logins.sessions?.state, this.refusals?.state];
    return [process.pid, ...kept.flatMap((one) => one?.pid ?? [])];
  }

  #ofOne(name: string): readonly DomainEntry[] {
    const entry = this.table.get(name);
    return entry === null ? [] : [entry];
  }

  /** null: only the domains that were given a level. */
  #ofAll(level: Level | null): readonly DomainEntry[] {
    const { table } = this;
    if (level !== null) return table.entries;
    return table.entries.filter(({ name }) => table.overrideOf(name) !== null);
  }

  async #load(): Promise<void> {
    const { places, table } = this;
    const outcomes = await reload(places, table, this.#plans, null);
    for (const one of outcomes) {
      if (one.problems === null) continue;
      this.log(
        `the policy of ${one.name} cannot be used; what was in force still is\n${one.problems}`,
      );
      this.tell(brokenEvent(one, table));
    }
    this.#levels.watch();
    await this.exceptions.look();
    this.evidence.look();
    this.#lsm.policies(null);
    this.#followers.all();
    await refreshPlans(table, this.#plans, this.#runs.look(), this.log);
    this.#runs.start();
    this.drift.start();
    this.#sweeper.start();
    this.#follower.start();
  }

  /** Names to which `run` has given numbers since: new policy files, and instances. */
  async #know(name: string): Promise<void> {
    if (this.table.get(name) === null && libraryFile(this.places, name) !== null)
      await reload(this.places, this.table, this.#plans, [name]);
  }

  async #runsChanged(): Promise<void> {
    this.drift.runsChanged();
    for (const domain of this.#runs.look().domains()) await this.#know(domain);
    const running = this.#runs.look();
    const instances = this.table.entries.filter(({ name }) => name.includes("@"));
    const inKernel = instances.length > 0 ? domainsInKernel(this.places) : new Set<string>();
    const gone = instances.filter(
      ({ name, number }) => !running.any(name, number) && !inKernel.has(name),
    );
    if (gone.length > 0) await reload(this.places, this.table, this.#plans, null);
    this.evidence.look();
    withdrawPlans(this.table, this.#plans, this.#runs.look());
  }

  /** Levels of many domains may change at once, and by themselves. */
  #lookSoon(): void {
    this.#looking ??= setImmediate(() => {
      this.#looking = null;
      void this.#exclusive(async () => this.evidence.look());
    });
  }

  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch((error: unknown) =>
      this.log(`an order failed: ${error instanceof Error ? error.stack : error}`),
    );
    return result;
  }
}

/**
 * Where systemd mounts control groups, only a process with CAP_DAC_OVERRIDE makes a group in the
 * root, which a unit with CapabilityBoundingSet= is not; and ReadWritePaths= of a drop-in is about
 * folders that exist when the unit starts.
 */
function makeAnchorsFolder(log: (text: string) => void): void {
  const folder = anchorsFolder();
  if (folder === null || process.geteuid?.() !== 0) return;
  try {
    makeRoot(dirname(folder));
  } catch (error) {
    log(`${folder} cannot be made: ${error instanceof Error ? error.message : String(error)}`);
  }
}
