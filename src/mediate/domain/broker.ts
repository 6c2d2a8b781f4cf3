import { domainOfProcess, type Membership } from "../../domains/membership.ts";
import { readProcStat } from "../../domains/proc-stat.ts";
import type { Level, Policy } from "../../model/policy.ts";
import type { Plan } from "../../plan/plan.ts";
import type { Identity } from "../target/identity.ts";
import type { Target } from "../target/target.ts";
import { Threads } from "../target/threads.ts";
import type { Mounts } from "../walk/mounts.ts";
import { DescriptorBudget } from "./descriptor-budget.ts";
import { DescriptorTables } from "./descriptor-tables.ts";
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
import { ThreadsAlike } from "./threads-alike.ts";

/** A call that waits for a FIFO's writer. */
interface WaitingReader {
  readonly isAwaited: boolean;
  readonly target: Pick<Target, "giveUp">;
}

/** What handlers use of one domain, for as long as its listener is open. */
export class Broker {
  /** The plan with which the domain's processes were started. */
  readonly plan: Plan;
  readonly identity: Identity;
  readonly mounts: Mounts;
  readonly selfConfined: SelfConfined;
  readonly threads: Threads;
  readonly descriptorTables: DescriptorTables;
  /** Every mediated call is notified, and level and policy may change while processes run. */
  readonly supervised: boolean;
  /** This process may block: it is a worker. */
  readonly mayWait: boolean;

  /** The descriptors that all its calls together may keep. */
  readonly descriptors: DescriptorBudget;

  /**
   * Descriptors that the domain exchanged just as they were copied, for one whose close(2) may
   * never return (`same-file.ts`). Each may block a thread of this process forever.
   */
  exchanged = 0;

  /**
   * Reading ends of FIFOs, held open for calls that wait: at most one per slot (`open-fifo.ts`).
   */
  readonly fifoReaders = new Map<WaitingReader, number>();

  readonly verdicts = new RememberedVerdicts();
  readonly programs = new RememberedPrograms();

  readonly #live: Live | null;
  #generation: Generation;
  #grants: Grants;

  /**
   * `live` is null where level and policy stay as in the plan. `memory` is what a successor finds.
   */
  constructor(
    generation: Generation,
    state: ProcessState,
    live: Live | null,
    memory: SharedMemory,
  ) {
    this.plan = generation.plan;
    this.supervised = this.plan.mode === "supervised";
    this.mayWait = state.mayWait;
    this.descriptors = new DescriptorBudget(state.descriptorsOfDomain);
    // Only the mediator sees all calls; a worker sees some.
    const isAsked = this.supervised && !this.mayWait;
    this.threads = new Threads(state.threadsKept, {
      roots: this.supervised ? new Roots(memory.letGoOn) : null,
      groups: this.#standingGroups(memory, isAsked),
      alike: new ThreadsAlike(memory.letGoOn, isAsked),
    });
    this.descriptorTables = new DescriptorTables(memory.letGoOn);
    this.identity = state.identity;
    this.mounts = state.mounts;
    const noted = new NotedProcesses(memory.noted, (pid) => readProcStat(pid)?.start ?? null);
    const lineage = this.supervised ? lineageOf(this.plan, (pid) => this.domainOf(pid)) : null;
    this.selfConfined = new SelfConfined(memory.selfConfined, noted, readProcStat, lineage);
    this.#live = live;
    this.#generation = generation;
    this.#grants = new Grants(generation.automaton, this.plan);
  }

  #standingGroups({ letGoOn }: SharedMemory, isAsked: boolean): StandingGroups {
    const bounding = this.supervised ? null : this.plan.identity.bounding;
    return new StandingGroups(letGoOn, isAsked, bounding);
  }

  /** The level in force: one read of memory. `now`: performance.now(), where the caller has it. */
  level(now?: number): Level {
    return this.#live?.level(now) ?? this.plan.level;
  }

  /** The policy in force. It changes only between two calls. */
  get policy(): Policy {
    return this.#generation.policy;
  }

  /** The capabilities that the policy grants, as a mask of `1 << number`. */
  get grantedCapabilities(): bigint {
    return this.#generation.capabilities;
  }

  get grants(): Grants {
    return this.#grants;
  }

  /** Whether the policy lists the system call. Unlisted calls reach the mediator, too. */
  lists(name: string): boolean {
    return this.#generation.listed.has(name);
  }

  /** Whether the policy denies this system call by name, whatever else grants it. */
  denies(name: string): boolean {
    return this.#generation.denied.has(name);
  }

  /** The domain of a process, by its number in the mediator's own pid namespace. */
  domainOf(pid: number): Membership {
    return domainOfProcess(pid);
  }

  close(): void {
    this.threads.close();
  }

  /**
   * Takes up a policy that was put into force. Called before each call, and before one that waited
   * continues.
   */
  refresh(now?: number): void {
    const next = this.#live?.next(now) ?? null;
    if (next === null) return;
    this.#generation = next;
    this.#grants = new Grants(next.automaton, this.plan);
    this.verdicts.forget();
  }
}
