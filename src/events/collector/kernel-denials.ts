import {
  type DomainStatus,
  readLandlockRecord,
  type SyscallRecord,
} from "../../kernel/audit/landlock-record.ts";
import type { AuditRecord } from "../../kernel/audit/record.ts";
import type { Level } from "../../model/policy.ts";
import type { Event, EventProcess } from "../event.ts";
import { stamp } from "../identity.ts";
import { readProcess } from "../process-info.ts";
import { deniedRequests } from "./denied-requests.ts";
import { type MergedDenial, Serials } from "./serials.ts";
import { Tie } from "./tie.ts";

export interface Run {
  /** Name of the domain. */
  readonly domain: string;
  /** On this host, where it has one. */
  readonly number: number | null;
  /** At its start: a run whose denials the kernel reports keeps it. */
  readonly level: Level;
  /** The file that the launcher tries to write after it has confined itself. */
  readonly sentinel: string;
  /**
   * The process that waits for the collector: the launcher, which becomes the daemon, or an
   * attended run's front. null where it cannot be known.
   */
  readonly launcher: number | null;
  /** It is the front, and which of its children becomes the daemon is not known yet. */
  readonly attended: boolean;
}

/** Picks this run's denials out of the host's audit records and turns them into events. */
export class KernelDenials {
  readonly #run: Run;
  readonly #sink: (event: Event) => void;
  readonly #serials = new Serials((merged) => this.#emit(merged));
  readonly #tie: Tie;
  #seen = 0;
  #unattributed = 0;
  #ended: { readonly denials: number | null } | null = null;

  constructor(run: Run, sink: (event: Event) => void) {
    this.#run = run;
    this.#sink = sink;
    this.#tie = new Tie(run.sentinel, run.attended ? null : run.launcher);
  }

  /** The kernel's id of this run's Landlock domain; null until the sentinel was seen. */
  get landlockDomain(): string | null {
    return this.#tie.landlockDomain;
  }

  /** The last process of the domain is gone. */
  get ended(): boolean {
    return this.#ended !== null;
  }

  /** Denials that the kernel counted and that never arrived; null while it has not told. */
  get missed(): number | null {
    const counted = this.#ended?.denials ?? null;
    return counted === null ? null : Math.max(0, counted - this.#seen);
  }

  /** Denials for which the kernel named no process. */
  get unattributed(): number {
    return this.#unattributed;
  }

  /** `now`: milliseconds of any steady clock. */
  add(record: AuditRecord, now: number): void {
    const read = readLandlockRecord(record);
    if (read === null) return;
    switch (read.kind) {
      case "denial": {
        const isTied = this.landlockDomain !== null;
        this.#tie.denial(read.landlockDomain, record.serial, read.path);
        if (!this.#isOurs(read.landlockDomain)) return;
        this.#seen += 1;
        // Only the denial that identified the run is the launcher's own; a later access to the plan
        // is reported.
        if (isTied) this.#serials.addDenial(record.serial, record.time, read, now);
        return;
      }
      case "syscall":
        this.#tieThrough(() => this.#tie.called(record.serial, read.pid));
        this.#serials.addSyscall(record.serial, read);
        return;
      default:
        this.#status(read);
    }
  }

  /** See {@link Serials.expire}. */
  expire(now: number, everything = false): boolean {
    return this.#serials.expire(now, everything);
  }

  #status(status: DomainStatus): void {
    if (status.kind === "allocated")
      this.#tieThrough(() => this.#tie.announced(status.landlockDomain, status.pid));
    else if (this.#isOurs(status.landlockDomain)) this.#ended = { denials: status.denials };
  }

  /** The sentinel's own denial came before its domain was known to be ours: it counts, too. */
  #tieThrough(step: () => void): void {
    const before = this.landlockDomain;
    step();
    if (before === null && this.landlockDomain !== null) this.#seen += 1;
  }

  #isOurs(landlockDomain: string): boolean {
    return landlockDomain === this.landlockDomain;
  }

  /**
   * Processes that are older than the host's first auditing, and all under the audit rule `-a
   * never,task`, have no system call record. The first case is the launcher's own; it stands for
   * the domain in the second, and {@link unattributed} says so.
   */
  #standIn(): EventProcess {
    this.#unattributed += 1;
    return readProcess(this.#run.attended ? 0 : (this.#run.launcher ?? 0));
  }

  #emit(merged: MergedDenial): void {
    const { by } = merged;
    const process = by === null ? this.#standIn() : calledBy(by);
    for (const event of denialEvents(this.#run, merged, process)) this.#sink(event);
  }
}

/** One event for each distinct thing that was asked for. */
export function denialEvents(
  { domain, number, level }: Pick<Run, "domain" | "number" | "level">,
  { denial, time }: MergedDenial,
  process: EventProcess,
): Event[] {
  return deniedRequests(denial).map((denied) => ({
    ...stamp(time),
    ...{ domain, number, level },
    engine: "landlock",
    source: "kernel",
    verdict: "denied",
    ...denied,
    process,
    rule: null,
    reason: null,
    count: 1,
  }));
}

/** The process of a system call record. */
export function calledBy({ pid, uid, comm, executable }: SyscallRecord): EventProcess {
  return { pid: pid ?? 0, uid, comm, executable };
}
