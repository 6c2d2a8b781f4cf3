import {
  type DomainStatus,
  readLandlockRecord,
  type SyscallRecord,
} from "../../kernel/audit/landlock-record.ts";
import type { AuditRecord } from "../../kernel/audit/record.ts";
import type { Level, Policy } from "../../model/policy.ts";
import type { Event, EventProcess } from "../event.ts";
import { stamp } from "../identity.ts";
import { readProcess } from "../process-info.ts";
import { deniedRequests } from "./denied-requests.ts";
import { type MergedDenial, Serials } from "./serials.ts";
import { Tie } from "./tie.ts";

export interface Run {
  readonly domain: string;
  readonly number: number | null;
  /** The level of the start: a sealed run keeps it. */
  readonly level: Level;
  /** Of the start, which a sealed run keeps, too. */
  readonly policy: Policy;
  /** The file that the launcher tries to write after it has confined itself. */
  readonly sentinel: string;
  /**
   * The process that waits for the collector: the launcher, which becomes the daemon, or an
   * attended run's front. null if unknown.
   */
  readonly launcher: number | null;
  /**
   * That process is the front of an attended run: one of its children, not yet known, becomes the
   * daemon.
   */
  readonly attended: boolean;
}

/** Selects this run's denials from the host's audit records and turns them into events. */
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

  /** Of this run; null until the sentinel was seen. */
  get landlockDomain(): string | null {
    return this.#tie.landlockDomain;
  }

  get ended(): boolean {
    return this.#ended !== null;
  }

  /**
   * Denials that the kernel counted and that never arrived; null until the kernel reports its
   * count.
   */
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

  /** The sentinel's own denial arrived before its domain was identified: it counts, too. */
  #tieThrough(step: () => void): void {
    const before = this.landlockDomain;
    step();
    if (before === null && this.landlockDomain !== null) this.#seen += 1;
  }

  #isOurs(landlockDomain: string): boolean {
    return landlockDomain === this.landlockDomain;
  }

  /**
   * Some processes have no system call record: those older than the host's first auditing, and all
   * under the audit rule `-a never,task`. The first are launchers. In the second case the launcher
   * is named for the whole domain, and {@link unattributed} counts these events.
   */
  #standIn(): EventProcess {
    this.#unattributed += 1;
    return readProcess(this.#run.attended ? 0 : (this.#run.launcher ?? 0));
  }

  #emit(merged: MergedDenial): void {
    const { by } = merged;
    const process = by === null ? this.#standIn() : calledBy(by);
    for (const event of denialEvents(this.#run, merged, process, this.#run.policy))
      this.#sink(event);
  }
}

/** One event per distinct request. `policy`: of the run's start; null if it is unknown. */
export function denialEvents(
  { domain, number, level }: Pick<Run, "domain" | "number" | "level">,
  { denial, time }: MergedDenial,
  process: EventProcess,
  policy: Policy | null,
): Event[] {
  return deniedRequests(denial, policy).map((denied) => ({
    ...stamp(time),
    ...{ domain, number, level },
    engine: "landlock",
    source: "kernel",
    verdict: "denied",
    ...denied,
    process,
    count: 1,
  }));
}

export function calledBy({ pid, uid, comm, executable }: SyscallRecord): EventProcess {
  return { pid: pid ?? 0, uid, comm, executable };
}
