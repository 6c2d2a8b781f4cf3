import { domainOfProcess, type Membership } from "../../domains/membership.ts";
import { readProcStat } from "../../domains/proc-stat.ts";
import { decide } from "../../model/decide.ts";
import { areBrokered, type Level, type Policy } from "../../model/policy.ts";
import type { Request } from "../../model/request.ts";
import type { Decision } from "../../model/verdict.ts";
import type { Plan } from "../../plan/plan.ts";
import type { Identity } from "../target/identity.ts";
import type { Target } from "../target/target.ts";
import { Threads } from "../target/threads.ts";
import type { Mounts } from "../walk/mounts.ts";
import { DescriptorBudget } from "./descriptor-budget.ts";
import { DescriptorTables } from "./descriptor-tables.ts";
import { Ending } from "./ending.ts";
import type { Generation } from "./generation.ts";
import { Grants } from "./grants.ts";
import { lineageOf } from "./lineage.ts";
import type { Live } from "./live.ts";
import { NotedProcesses } from "./noted-processes.ts";
import type { ProcessState } from "./process-state.ts";
import { RememberedPrograms } from "./remembered-programs.ts";
import { RememberedVerdicts } from "./remembered-verdicts.ts";
import { Roots } from "./roots.ts";
import { SelfConfined } from "./self-confined.ts";
import type { SharedMemory } from "./shared-memory.ts";
import { StandingGroups } from "./standing-groups.ts";
import { StartedNames } from "./started-names.ts";
import { ThreadsAlike } from "./threads-alike.ts";
import type { UsedGrants } from "./used-grants.ts";
import type { View } from "./view.ts";

interface WaitingReader {
  readonly isAwaited: boolean;
  readonly target: Pick<Target, "giveUp">;
}

/** What handlers use of one domain, for as long as its listener is open. */
export class Broker {
  /** The plan with which the domain's processes were started. */
  readonly plan: Plan;
  readonly identity: Identity;
  readonly view: View;
  readonly selfConfined: SelfConfined;
  readonly threads: Threads;
  readonly descriptorTables: DescriptorTables;
  /** Every mediated call is notified, and level and policy may change while processes run. */
  readonly supervised: boolean;
  readonly mayWait: boolean;

  readonly descriptors: DescriptorBudget;

  /**
   * Times that the domain exchanged a descriptor while it was copied, for one whose close(2) may
   * never return (`same-file.ts`). Each may block a thread of this process forever.
   */
  exchanged = 0;

  /** Capabilities that were reported with the call that needs them: `NAME CALL`. */
  readonly capabilitiesTold = new Set<string>();

  readonly fifoReaders = new Map<WaitingReader, number>();

  /** What the domain's layer grants by itself; null unless late names are brokered. */
  readonly startedNames: StartedNames | null;

  readonly verdicts = new RememberedVerdicts();
  readonly programs = new RememberedPrograms();

  readonly #live: Live | null;
  #generation: Generation;
  #grants: Grants;
  readonly #ending = new Ending();
  /** undefined before the first call. */
  #used: UsedGrants | null | undefined;

  /**
   * `live` is null if level and policy stay as in the plan. `memory` is what a successor finds.
   * `view`: of the domain's start.
   */
  constructor(
    generation: Generation,
    state: ProcessState,
    live: Live | null,
    memory: SharedMemory,
    view: View,
  ) {
    this.view = view;
    this.plan = generation.plan;
    this.supervised = this.plan.mode === "supervised";
    this.mayWait = state.mayWait;
    const { lateNames } = this.plan.mediation.policy;
    this.startedNames =
      !this.supervised && areBrokered(lateNames) ? new StartedNames(this.plan, view.root) : null;
    this.descriptors = new DescriptorBudget(state.descriptorsOfDomain);
    // Only the mediator sees all calls; a worker sees some.
    const isAsked = this.supervised && !this.mayWait;
    this.threads = new Threads(state.threadsKept, {
      view,
      roots: this.supervised ? new Roots(memory.letGoOn, view) : null,
      groups: this.#standingGroups(memory, isAsked),
      alike: new ThreadsAlike(memory.letGoOn, isAsked),
    });
    this.descriptorTables = new DescriptorTables(memory.letGoOn);
    this.identity = state.identity;
    const noted = new NotedProcesses(memory.noted, (pid) => readProcStat(pid)?.start ?? null);
    const lineage = this.supervised ? lineageOf(this.plan, (pid) => this.domainOf(pid)) : null;
    this.selfConfined = new SelfConfined(memory.selfConfined, noted, readProcStat, lineage);
    this.#live = live;
    this.#generation = generation;
    this.#grants = new Grants(generation.automaton, this.plan, this.startedNames, null);
    if (live === null) this.#used = null;
  }

  #standingGroups({ letGoOn }: SharedMemory, isAsked: boolean): StandingGroups {
    const bounding = this.supervised ? null : this.plan.identity.bounding;
    return new StandingGroups(letGoOn, isAsked, bounding);
  }

  get mounts(): Mounts {
    return this.view.mounts;
  }

  /** One read of memory. `now`: performance.now(), if the caller has it. */
  level(now?: number): Level {
    return this.#live?.level(now) ?? this.plan.level;
  }

  /** Changes only between two calls. */
  get policy(): Policy {
    return this.#generation.policy;
  }

  get grantedCapabilities(): bigint {
    return this.#generation.capabilities;
  }

  /** As `decide()` answers. A rule that grants the request counts as used. */
  decide(request: Request): Decision {
    const decision = decide(this.policy, request);
    if (decision.outcome === "granted") this.#used?.rule(decision.by);
    return decision;
  }

  /** Granted capabilities whose use is still to be seen, as {@link grantedCapabilities}. */
  get unusedCapabilities(): bigint {
    return this.#used?.unusedCapabilities ?? 0n;
  }

  get grants(): Grants {
    return this.#grants;
  }

  /** Unlisted calls reach the mediator, too. */
  lists(name: string): boolean {
    return this.#generation.listed.has(name);
  }

  /** Whatever else grants the call. */
  denies(name: string): boolean {
    return this.#generation.denied.has(name);
  }

  /** By the process's number in the mediator's own pid namespace. */
  domainOf(pid: number): Membership {
    return domainOfProcess(pid);
  }

  close(): void {
    this.#used?.close();
    this.#used = null;
    this.threads.close();
  }

  /**
   * Takes up a policy that was put into force, and gives up exceptions that have ended. Called
   * before each call, and before one that waited continues.
   */
  refresh(now?: number): void {
    const taken = this.#live?.next(now) ?? null;
    if (taken !== null) this.#ending.lookAgain();
    const next = this.#ending.of(taken ?? this.#generation, now);
    if (next === this.#generation && this.#used !== undefined) return;
    this.#used?.close();
    this.#used = this.#live?.usedGrants(next) ?? null;
    this.#generation = next;
    this.#grants = new Grants(next.automaton, this.plan, this.startedNames, this.#used);
    this.verdicts.forget();
  }
}
