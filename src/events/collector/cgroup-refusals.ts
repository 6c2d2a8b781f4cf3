import { type Refusal, RefusalReader, recordLimits } from "../../kernel/bpf/refusals.ts";
import { monotonic } from "../../kernel/ffi.ts";
import { nameOfBytes } from "../../model/name-bytes.ts";
import type { Policy } from "../../model/policy.ts";
import type { Plan } from "../../plan/plan.ts";
import { policyOfPlan } from "../../plan/policy-of-plan.ts";
import type { Event, EventProcess } from "../event.ts";
import { stamp } from "../identity.ts";
import { readProcess } from "../process-info.ts";
import type { Run } from "./kernel-denials.ts";
import { refusedRequest } from "./refused-request.ts";

/** Refusals of earlier turns that are remembered, to tell what is new of each. */
const KNOWN_MAX = 2 * recordLimits.refusals;
const NS_PER_MS = 1_000_000n;

/** What this run's instance was refused by the programs of its cgroup, or why nobody can tell; `none`: it has no such programs. */
export type CgroupSource =
  | { readonly state: "none" }
  | { readonly state: "unavailable"; readonly why: string }
  | { readonly state: "reading"; readonly refusals: CgroupRefusals };

/** To be called while the launcher waits: cgroups of its process id that are there already are of others before it. */
export function openCgroupSource(plan: Plan, run: Run): CgroupSource {
  if (plan.cgroup === null) return { state: "none" };
  if (run.launcher === null) return { state: "unavailable", why: "the launcher's process cannot be seen" };
  const reader = RefusalReader.open(plan.cgroup.anchor);
  if (reader === null) return { state: "unavailable", why: "its programs, of an older Cofferdam, keep no records" };
  return { state: "reading", refusals: new CgroupRefusals(reader, run, run.launcher, policyOfPlan(plan)) };
}

interface Known {
  readonly count: number;
  readonly first: bigint;
  /** As it was when the refusal was first read: later it may be gone, and would count as another. */
  readonly process: EventProcess;
}

/** Turns what the kernel remembers of one instance's refusals into events, each refusal once. */
export class CgroupRefusals {
  readonly #reader: RefusalReader;
  readonly #run: Run;
  /** The launcher names its cgroup by its process id. */
  readonly #name: string;
  readonly #policy: Policy;
  readonly #before: ReadonlySet<bigint>;
  #cgroup: bigint | null = null;
  /** By key, least recently seen first. */
  readonly #known = new Map<string, Known>();
  #total = 0;
  #reported = 0;

  constructor(reader: RefusalReader, run: Run, launcher: number, policy: Policy) {
    this.#reader = reader;
    this.#run = run;
    this.#name = String(launcher);
    this.#policy = policy;
    this.#before = new Set(reader.instancesNamed(this.#name));
  }

  /** Refusals that were pushed out of the kernel's memory by others before they were read. Right after a {@link poll}. */
  get missed(): number {
    return Math.max(0, this.#total - this.#reported);
  }

  /** Passes on what is new since the last time; one event for each entry, counting the new ones. */
  poll(sink: (event: Event) => void): void {
    this.#cgroup ??= this.#reader.instancesNamed(this.#name).find((id) => !this.#before.has(id)) ?? null;
    if (this.#cgroup === null) return;
    const total = this.#reader.total(this.#cgroup);
    if (total === this.#total && this.missed === 0) return;
    this.#total = total;
    for (const refusal of this.#reader.read(this.#cgroup)) this.#add(refusal, sink);
  }

  #add(refusal: Refusal, sink: (event: Event) => void): void {
    const { key, count, first } = refusal;
    const earlier = this.#known.get(key);
    const known = earlier?.first === first ? earlier : null;
    const fresh = count - (known?.count ?? 0);
    const process = known?.process ?? processOf(refusal);
    this.#known.delete(key);
    this.#known.set(key, { count, first, process });
    const oldest = this.#known.keys().next().value;
    if (this.#known.size > KNOWN_MAX && oldest !== undefined) this.#known.delete(oldest);
    if (fresh <= 0) return;
    this.#reported += fresh;
    sink({
      ...stamp(known === null ? wallClock(first) : Date.now()),
      domain: this.#run.domain,
      level: "enforcing",
      engine: "landlock",
      source: "kernel",
      verdict: "denied",
      ...refusedRequest(refusal, this.#policy),
      process,
      count: fresh,
    });
  }
}

/** Milliseconds, of a time on CLOCK_MONOTONIC. */
function wallClock(time: bigint): number {
  return Date.now() - Number((monotonic() - time) / NS_PER_MS);
}

/** Who it was is the kernel's record; what it runs is asked now, and believed while it bears the same name. */
function processOf({ process, uid, comm }: Refusal): EventProcess {
  const now = readProcess(process);
  const name = nameOfBytes(comm);
  return { pid: process, uid, comm: name, executable: now.comm === name ? now.executable : null };
}
