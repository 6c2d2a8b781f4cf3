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

/** A call that waits for the writer of a FIFO. */
interface WaitingReader {
  readonly isAwaited: boolean;
  readonly target: Pick<Target, "giveUp">;
}

/** What every handler may use of one domain: one for as long as its listener is held. */
export class Broker {
  /** What the domain's processes were started with. */
  readonly plan: Plan;
  readonly identity: Identity;
  readonly mounts: Mounts;
  readonly selfConfined: SelfConfined;
  readonly threads: Threads;
  readonly descriptorTables: DescriptorTables;
  /** Every mediated call is notified, and level and policy may change while processes run. */
  readonly supervised: boolean;
  /** Whoever asks may be kept waiting here. */
  readonly mayWait: boolean;

  /** Of all its calls together. */
  readonly descriptors: DescriptorBudget;

  /**
   * Descriptors that the domain exchanged, just when they were copied, for one whose close(2) might
   * never come back (`same-file.ts`). Each may keep a thread of this process for ever.
   */
  exchanged = 0;

  /** Reading ends of FIFOs, held open for calls that wait: at most one a slot (`open-fifo.ts`). */
  readonly fifoReaders = new Map<WaitingReader, number>();

  readonly verdicts = new RememberedVerdicts();
  readonly programs = new RememberedPrograms();

  readonly #live: Live | null;
  #generation: Generation;
  #grants: Grants;

  /**
   * `live` is null where level and policy stay what they are in the plan; `memory` is what a
   * successor finds.
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
    // A worker is told of some calls only.
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

  /** In force now: one read of memory. `now`: performance.now(), where the caller has it. */
  level(now?: number): Level {
    return this.#live?.level(now) ?? this.plan.level;
  }

  /** In force for the call in hand: changes only between two calls. */
  get policy(): Policy {
    return this.#generation.policy;
  }

  /** Of the policy in force, as a mask of `1 << number`. */
  get grantedCapabilities(): bigint {
    return this.#generation.capabilities;
  }

  get grants(): Grants {
    return this.#grants;
  }

  /** The policy lists the system call: calls outside the list reach the mediator too. */
  lists(name: string): boolean {
    return this.#generation.listed.has(name);
  }

  /** Whether the policy denies this system call by name, whatever else grants it. */
  denies(name: string): boolean {
    return this.#generation.denied.has(name);
  }

  /**
   * Whose process another one is; of the mediator's own host, whatever the caller's number means in
   * its namespace.
   */
  domainOf(pid: number): Membership {
    return domainOfProcess(pid);
  }

  close(): void {
    this.threads.close();
  }

  /**
   * Before each call, and before one that waited goes on: takes up the policy that has been put
   * into force since the last one.
   */
  refresh(now?: number): void {
    const next = this.#live?.next(now) ?? null;
    if (next === null) return;
    this.#generation = next;
    this.#grants = new Grants(next.automaton, this.plan);
    this.verdicts.forget();
  }
}
