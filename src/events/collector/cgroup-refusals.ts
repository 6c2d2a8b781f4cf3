import { forgetOldest } from "../../base/forget-oldest.ts";
import { type Refusal, type RefusalReader, recordLimits } from "../../kernel/bpf/refusals.ts";
import { monotonic } from "../../kernel/ffi.ts";
import { nameOfBytes } from "../../model/name-bytes.ts";
import type { Policy } from "../../model/policy.ts";
import type { Event, EventProcess } from "../event.ts";
import { stamp } from "../identity.ts";
import { readProcess } from "../process-info.ts";
import type { Run } from "./kernel-denials.ts";
import { refusedRequest } from "./refused-request.ts";

/**
 * Refusals of earlier turns that are remembered, to count only new ones: twice what the kernel
 * keeps.
 */
const KNOWN_MAX = 2 * recordLimits.refusals;
/**
 * Limit on the events of one turn: a flood of different refusals must neither fill the log nor keep
 * the collector from the audit records.
 */
export const EVENTS_PER_TURN = 256;
const NS_PER_MS = 1_000_000n;

interface Known {
  readonly count: number;
  readonly first: bigint;
  /** As of the first reading: later the process may be gone, and would count as another one. */
  readonly process: EventProcess;
}

/**
 * How the instance is found. `named`: by its cgroup's name, the daemon's process id. While that is
 * null, it is given later ({@link CgroupRefusals.named}), and present entries belong to earlier
 * instances. `known`: by the cgroup's id, after another reader has ended. That reader passed on
 * `told` records, which are all that were `first` made until `until` (CLOCK_MONOTONIC, ns).
 */
export type Instance =
  | { readonly kind: "named"; readonly daemon: number | null }
  | {
      readonly kind: "known";
      readonly cgroup: bigint;
      readonly told: number;
      readonly until: bigint;
    };

/**
 * Turns the kernel's records of one instance into events, each refusal once. At level warning they
 * are about granted requests outside the domain.
 */
export class CgroupRefusals {
  readonly #reader: RefusalReader;
  readonly #run: Pick<Run, "domain" | "number">;
  #name: string | null = null;
  readonly #policy: () => Policy;
  #before: ReadonlySet<bigint> = new Set();
  #cgroup: bigint | null = null;
  #until = 0n;
  /** Least recently seen first. */
  readonly #known = new Map<string, Known>();
  #total = 0;
  #reported = 0;
  /**
   * Nothing has changed since a turn that followed the last change, so no count was in progress
   * during that turn.
   */
  #isSettled = true;

  /** `policy`: gets the policy in force. */
  constructor(
    reader: RefusalReader,
    run: Pick<Run, "domain" | "number">,
    instance: Instance,
    policy: () => Policy,
  ) {
    this.#reader = reader;
    this.#run = run;
    this.#policy = policy;
    if (instance.kind === "named") {
      this.#name = instance.daemon === null ? null : String(instance.daemon);
      this.#before = new Set(reader.instances(this.#name));
      return;
    }
    this.#cgroup = instance.cgroup;
    this.#reported = instance.told;
    this.#until = instance.until;
    for (const refusal of reader.read(instance.cgroup))
      if (refusal.first <= this.#until) this.#took(refusal, processOf(refusal, new Map()));
  }

  get isNamed(): boolean {
    return this.#name !== null || this.#cgroup !== null;
  }

  /** See {@link Instance}. */
  get told(): number {
    return this.#reported;
  }

  /** See {@link Instance}. */
  get until(): bigint {
    return this.#until;
  }

  /** Everything present at the last {@link poll} has been read. */
  get isSettled(): boolean {
    return this.#isSettled;
  }

  named(daemon: number): void {
    this.#name ??= String(daemon);
  }

  /**
   * Refusals whose records the kernel evicted before they were read. Valid right after a {@link
   * poll}.
   */
  get missed(): number {
    return Math.max(0, this.#total - this.#reported);
  }

  /** Returns the number once: the caller must report it. */
  takeMissed(): number {
    const { missed } = this;
    this.#reported += missed;
    return missed;
  }

  /**
   * Passes on new refusals: one event per entry, with the number of new ones. At most `max` events:
   * new entries come first, because repeats keep being counted. New entries are passed on in the
   * order in which they were first made, so that {@link until} is true after each.
   */
  poll(sink: (event: Event) => void, max = EVENTS_PER_TURN): void {
    if (!this.isNamed) return;
    this.#cgroup ??= this.#reader.instances(this.#name).find((id) => !this.#before.has(id)) ?? null;
    if (this.#cgroup === null) return;
    const total = this.#reader.total(this.#cgroup);
    const hasChanged = total !== this.#total;
    if (!hasChanged && this.#isSettled) return;
    this.#total = total;
    const found = this.#reader.read(this.#cgroup);
    for (const refusal of found) this.#touch(refusal);
    const changed = found.filter((refusal) => refusal.count > this.#countBefore(refusal));
    const repeats = changed.filter((refusal) => this.#earlier(refusal) !== null);
    const news = changed
      .filter((refusal) => this.#earlier(refusal) === null)
      .sort((one, other) => Number(one.first - other.first));
    const processes = new Map<string, EventProcess>();
    for (const refusal of [...news, ...repeats].slice(0, max)) sink(this.#take(refusal, processes));
    this.#isSettled = !hasChanged && changed.length <= max;
  }

  #earlier({ key, first }: Refusal): Known | null {
    const known = this.#known.get(key);
    return known?.first === first ? known : null;
  }

  /** An entry that the kernel still has must be kept here, too, or all of it would count as new. */
  #touch(refusal: Refusal): void {
    const known = this.#earlier(refusal);
    if (known !== null) this.#remember(refusal.key, known);
  }

  #remember(key: string, known: Known): void {
    this.#known.delete(key);
    this.#known.set(key, known);
    forgetOldest(this.#known, KNOWN_MAX);
  }

  #took({ key, count, first }: Refusal, process: EventProcess): void {
    this.#remember(key, { count, first, process });
    if (first > this.#until) this.#until = first;
  }

  #countBefore(refusal: Refusal): number {
    return this.#earlier(refusal)?.count ?? 0;
  }

  /** `processes`: those of this turn, each read once. */
  #take(refusal: Refusal, processes: Map<string, EventProcess>): Event {
    const { count, first, level, denied } = refusal;
    const earlier = this.#earlier(refusal);
    const fresh = count - this.#countBefore(refusal);
    const process = earlier?.process ?? processOf(refusal, processes);
    this.#took(refusal, process);
    this.#reported += fresh;
    return {
      ...stamp(earlier === null ? wallClock(first) : Date.now()),
      domain: this.#run.domain,
      number: this.#run.number,
      level,
      engine: "landlock",
      source: "kernel",
      verdict: denied ? "denied" : "warning",
      ...refusedRequest(refusal, this.#policy()),
      process,
      count: fresh,
    };
  }
}

/** A time on CLOCK_MONOTONIC, in milliseconds of the wall clock. */
export function wallClock(time: bigint): number {
  return Date.now() - Number((monotonic() - time) / NS_PER_MS);
}

/**
 * The kernel's record names the process. Its program is looked up now, and used only if the process
 * still has the same name.
 */
export function processOf(
  { process, uid, comm }: Pick<Refusal, "process" | "uid" | "comm">,
  asked: Map<string, EventProcess>,
): EventProcess {
  const name = nameOfBytes(comm);
  const key = `${process} ${uid} ${name}`;
  const before = asked.get(key);
  if (before !== undefined) return before;
  const now = readProcess(process);
  const answer = {
    pid: process,
    uid,
    comm: name,
    executable: now.comm === name ? now.executable : null,
  };
  asked.set(key, answer);
  return answer;
}
