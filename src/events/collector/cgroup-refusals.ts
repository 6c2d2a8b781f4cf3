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
 * Refusals of earlier turns that are remembered, to tell what is new of each: all that the kernel
 * has, and as many that come.
 */
const KNOWN_MAX = 2 * recordLimits.refusals;
/**
 * Events of one turn: a flood of different refusals must neither fill the log nor keep the
 * collector from the audit records.
 */
export const EVENTS_PER_TURN = 256;
const NS_PER_MS = 1_000_000n;

interface Known {
  readonly count: number;
  readonly first: bigint;
  /**
   * As it was when the refusal was first read: later it may be gone, and would count as another.
   */
  readonly process: EventProcess;
}

/** Turns what the kernel remembers of one instance's refusals into events, each refusal once. */
export class CgroupRefusals {
  readonly #reader: RefusalReader;
  readonly #run: Run;
  /** The daemon names its cgroup by its process id; null until that is known. */
  #name: string | null;
  readonly #policy: Policy;
  readonly #before: ReadonlySet<bigint>;
  #cgroup: bigint | null = null;
  /** By key, least recently found first. */
  readonly #known = new Map<string, Known>();
  #total = 0;
  #reported = 0;
  /**
   * Nothing has changed since a turn that came after the last change: not even what was being
   * counted at that moment is left.
   */
  #isSettled = true;

  /** `daemon`: null where it is {@link named} later. What is there now is of others before it. */
  constructor(reader: RefusalReader, run: Run, daemon: number | null, policy: Policy) {
    this.#reader = reader;
    this.#run = run;
    this.#name = daemon === null ? null : String(daemon);
    this.#policy = policy;
    this.#before = new Set(reader.instances(this.#name));
  }

  get isNamed(): boolean {
    return this.#name !== null;
  }

  named(daemon: number): void {
    this.#name ??= String(daemon);
  }

  /**
   * Refusals that were pushed out of the kernel's memory by others before they were read. Right
   * after a {@link poll}.
   */
  get missed(): number {
    return Math.max(0, this.#total - this.#reported);
  }

  /**
   * Passes on what is new since the last time; one event for each entry, counting the new ones. At
   * most `max` events: what nobody has seen yet comes first, since repeats go on being counted.
   */
  poll(sink: (event: Event) => void, max = EVENTS_PER_TURN): void {
    if (this.#name === null) return;
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
    const news = changed.filter((refusal) => this.#earlier(refusal) === null);
    const processes = new Map<string, EventProcess>();
    for (const refusal of [...news, ...repeats].slice(0, max)) sink(this.#take(refusal, processes));
    this.#isSettled = !hasChanged && changed.length <= max;
  }

  #earlier({ key, first }: Refusal): Known | null {
    const known = this.#known.get(key);
    return known?.first === first ? known : null;
  }

  /** What the kernel still has must not be forgotten here, or all of it would count as new. */
  #touch(refusal: Refusal): void {
    const known = this.#earlier(refusal);
    if (known !== null) this.#remember(refusal.key, known);
  }

  #remember(key: string, known: Known): void {
    this.#known.delete(key);
    this.#known.set(key, known);
    const oldest = this.#known.keys().next().value;
    if (this.#known.size > KNOWN_MAX && oldest !== undefined) this.#known.delete(oldest);
  }

  #countBefore(refusal: Refusal): number {
    return this.#earlier(refusal)?.count ?? 0;
  }

  /** `processes`: those of this turn, each asked for once. */
  #take(refusal: Refusal, processes: Map<string, EventProcess>): Event {
    const { key, count, first } = refusal;
    const earlier = this.#earlier(refusal);
    const fresh = count - this.#countBefore(refusal);
    const process = earlier?.process ?? processOf(refusal, processes);
    this.#remember(key, { count, first, process });
    this.#reported += fresh;
    return {
      ...stamp(earlier === null ? wallClock(first) : Date.now()),
      domain: this.#run.domain,
      number: this.#run.number,
      level: this.#run.level,
      engine: "landlock",
      source: "kernel",
      verdict: "denied",
      ...refusedRequest(refusal, this.#policy),
      process,
      count: fresh,
    };
  }
}

/** Milliseconds, of a time on CLOCK_MONOTONIC. */
function wallClock(time: bigint): number {
  return Date.now() - Number((monotonic() - time) / NS_PER_MS);
}

/**
 * Who it was is the kernel's record; what it runs is asked now, and believed while it bears the
 * same name.
 */
function processOf(
  { process, uid, comm }: Refusal,
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
