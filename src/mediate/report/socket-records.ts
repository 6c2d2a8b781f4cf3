import { CgroupRefusals } from "../../events/collector/cgroup-refusals.ts";
import { RefusalReader } from "../../kernel/bpf/refusals.ts";
import type { Broker } from "../domain/broker.ts";
import { RECORDS_LOOK_MS, RECORDS_PER_LOOK } from "../limits.ts";
import type { RecordsRead } from "./records-read.ts";
import type { Reporter } from "./reporter.ts";
import { runGroup } from "./run-group.ts";

/**
 * Reports the connections and sends outside the domain that the programs of a supervised run's
 * control group judged without asking the mediator. The kernel keeps records of them
 * (`bpf/records.h`), which are read every {@link RECORDS_LOOK_MS}; while there is nothing new, that
 * is one load from memory.
 */
export class SocketRecords {
  readonly #broker: Broker;
  readonly #reporter: Reporter;
  readonly #read: RecordsRead;
  #reader: RefusalReader | null = null;
  #records: CgroupRefusals | null = null;
  #hasBegun = false;
  #seen = -1n;
  #due = Number.POSITIVE_INFINITY;

  constructor(broker: Broker, reporter: Reporter, read: RecordsRead) {
    this.#broker = broker;
    this.#reporter = reporter;
    this.#read = read;
  }

  /** Continues where the previous process stopped. */
  succeed(): void {
    this.#reader = readerOf(this.#broker, this.#reporter);
    const { group } = this.#read;
    if (group !== null) this.#beginWith(group);
  }

  abandon(): void {
    this.#reader?.close();
    this.#reader = null;
  }

  /** A domain's first call tells which group it is. Called before each call, of thread `tid`. */
  begin(tid: number): void {
    if (this.#hasBegun || this.#reader === null || this.#records !== null) return;
    this.#hasBegun = true;
    const group = runGroup(this.#broker.plan, tid);
    if (group === null) return;
    this.#read.group = group;
    this.#beginWith(group);
  }

  /** On the clock of performance.now(); infinite for never. */
  get due(): number {
    return this.#due;
  }

  look(): void {
    this.#due = performance.now() + RECORDS_LOOK_MS;
    const recorded = this.#reader?.recorded ?? 0n;
    if (recorded === this.#seen && this.#records?.isSettled !== false) return;
    this.#seen = recorded;
    this.#poll(RECORDS_PER_LOOK);
  }

  /**
   * Reads the records of a domain that has ended. `everything`: read all of them, however long it
   * takes. Otherwise the holder starts a process for the rest, because the group's id is still in
   * memory.
   */
  finish(everything: boolean): void {
    this.#poll(everything ? Number.POSITIVE_INFINITY : RECORDS_PER_LOOK);
    if (this.#records?.isSettled === false) this.#poll(everything ? Number.POSITIVE_INFINITY : 0);
    if (this.#records?.isSettled !== false) this.#read.group = null;
    this.abandon();
  }

  #beginWith(cgroup: bigint): void {
    if (this.#reader === null) return;
    const { domain, number } = this.#broker.plan;
    const { told, until } = this.#read;
    const instance = { kind: "known", cgroup, told, until } as const;
    const policy = () => this.#broker.policy;
    this.#records = new CgroupRefusals(this.#reader, { domain, number }, instance, policy);
    this.#due = performance.now();
  }

  #poll(max: number): void {
    const records = this.#records;
    if (records === null) return;
    this.#broker.refresh();
    records.poll((event) => {
      this.#reporter.recorded(event);
      this.#read.note(records.told, records.until);
    }, max);
    const missed = records.isSettled ? records.takeMissed() : 0;
    if (missed > 0) this.#reporter.missed(missed);
    this.#read.note(records.told, records.until);
  }
}

/** null if there are no such programs or no records. */
function readerOf({ plan, supervised }: Broker, reporter: Reporter): RefusalReader | null {
  if (!supervised || plan.cgroup === null || plan.cgroup.programs.length === 0) return null;
  try {
    const reader = RefusalReader.open(plan.cgroup.anchor);
    if (reader !== null) return reader;
    reporter.failed("unavailable", "records of its cgroup's programs, of an older Cofferdam");
  } catch (error) {
    reporter.failed("unavailable", `records of its cgroup's programs (${String(error)})`);
  }
  return null;
}
