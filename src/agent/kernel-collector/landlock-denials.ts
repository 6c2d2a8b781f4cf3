import { calledBy, denialEvents } from "../../events/collector/kernel-denials.ts";
import { type MergedDenial, Serials } from "../../events/collector/serials.ts";
import type { Event, EventProcess } from "../../events/event.ts";
import { readProcess } from "../../events/process-info.ts";
import {
  type Denial,
  type DomainStatus,
  readLandlockRecord,
} from "../../kernel/audit/landlock-record.ts";
import type { AuditRecord } from "../../kernel/audit/record.ts";
import { FOREIGN_MAX, UNTIED_MAX } from "./limits.ts";
import type { SealedRun, SealedRuns } from "./sealed-runs.ts";

/** A Landlock domain and the sealed run that its launcher made it for. */
export interface Tied extends SealedRun {
  /** As the kernel writes it. */
  readonly landlockDomain: string;
  /** The record in which the launcher provoked its own denial; null where nobody read it. */
  readonly own: number | null;
  /** Denials that were read; the kernel counts them, too. */
  readonly seen: number;
  /** Of these, those for which the kernel named no process. */
  readonly unattributed: number;
  /** `seen` is exact: no collector has died over it. */
  readonly counted: boolean;
}

type Tying = { -readonly [Name in keyof Tied]: Tied[Name] };

interface Untied {
  seen: number;
  /** The plan that it was denied first, and the record that says so. */
  sentinel: { readonly path: string; readonly serial: number } | null;
}

/** What {@link LandlockDenials} tells. */
export interface Told {
  event(event: Event): void;
  /** Something of Cofferdam's own about a run. */
  lifecycle(run: SealedRun, operation: string, object: string, count: number): void;
}

/**
 * Picks the denials of all sealed runs of root's out of the host's audit records. Which Landlock
 * domain is which run's is told once, by the announcement that comes with a domain's first denial:
 * it names the process that made the domain. That the process was a launcher, and no daemon that
 * made a sandbox of its own, is known by the plan that the launcher tries to read first, or by the
 * program that it ran.
 */
export class LandlockDenials {
  readonly #runs: SealedRuns;
  readonly #told: Told;
  readonly #serials = new Serials((merged) => this.#emit(merged));
  readonly #tied = new Map<string, Tying>();
  readonly #untied = new Map<string, Untied>();
  readonly #foreign = new Set<string>();
  readonly #after: number;
  #serial: number;
  #hasChanged = false;

  /**
   * `before`: what the collector before this one knew, which has told of all records up to the
   * serial `after`.
   */
  constructor(runs: SealedRuns, told: Told, before: readonly Tied[] = [], after = 0) {
    this.#runs = runs;
    this.#told = told;
    for (const tied of before) this.#tied.set(tied.landlockDomain, { ...tied });
    this.#after = after;
    this.#serial = after;
  }

  /** For the collector after this one. */
  get tied(): readonly Tied[] {
    return [...this.#tied.values()];
  }

  /** Of the latest record that was read. */
  get serial(): number {
    return this.#serial;
  }

  /** Whether {@link tied} has changed since this was asked last. */
  takeChanged(): boolean {
    const changed = this.#hasChanged;
    this.#hasChanged = false;
    return changed;
  }

  /** `now`: milliseconds of any steady clock. */
  add(record: AuditRecord, now: number): void {
    if (record.serial <= this.#after) return;
    const read = readLandlockRecord(record);
    if (read === null) return;
    this.#serial = Math.max(this.#serial, record.serial);
    if (read.kind === "denial") this.#denial(record, read, now);
    else if (read.kind === "syscall") this.#serials.addSyscall(record.serial, read);
    else if (read.kind === "allocated") this.#allocated(read);
    else this.#deallocated(read, now);
  }

  /** See {@link Serials.expire}. */
  expire(now: number, everything = false): void {
    this.#serials.expire(now, everything);
  }

  #denial({ serial, time }: AuditRecord, denial: Denial, now: number): void {
    const { landlockDomain, path } = denial;
    const tied = this.#tied.get(landlockDomain);
    if (tied !== undefined) {
      tied.seen += 1;
      this.#hasChanged = true;
    } else if (this.#foreign.has(landlockDomain)) return;
    else {
      const known = this.#untied.get(landlockDomain) ?? { seen: 0, sentinel: null };
      known.seen += 1;
      if (known.seen === 1 && path !== null && this.#runs.isPlan(path))
        known.sentinel = { path, serial };
      this.#untied.set(landlockDomain, known);
      forgetOldest(this.#untied, UNTIED_MAX);
    }
    this.#serials.addDenial(serial, time, denial, now);
  }

  #allocated({ landlockDomain, pid, uid, executable }: AllocatedStatus): void {
    if (pid === null || this.#tied.has(landlockDomain)) return;
    const untied = this.#untied.get(landlockDomain);
    const sentinel = untied?.sentinel ?? null;
    const run = this.#runs.startedBy(pid, { uid, executable, plan: sentinel?.path ?? null });
    if (run === null) return;
    this.#untied.delete(landlockDomain);
    this.#hasChanged = true;
    this.#tied.set(landlockDomain, {
      ...run,
      landlockDomain,
      own: sentinel?.serial ?? null,
      seen: untied?.seen ?? 0,
      unattributed: 0,
      counted: true,
    });
  }

  #deallocated({ landlockDomain, denials }: DeallocatedStatus, now: number): void {
    this.#untied.delete(landlockDomain);
    this.#foreign.delete(landlockDomain);
    const tied = this.#tied.get(landlockDomain);
    if (tied === undefined) return;
    this.#serials.expire(now, true);
    this.#tied.delete(landlockDomain);
    this.#hasChanged = true;
    const missed = tied.counted && denials !== null ? Math.max(0, denials - tied.seen) : 0;
    if (missed > 0)
      this.#told.lifecycle(
        tied,
        "lost",
        `${missed} denials of this domain that the kernel counted`,
        missed,
      );
    const { unattributed } = tied;
    if (unattributed > 0) {
      const what = `${unattributed} denials: the kernel named no process`;
      const object = `${what}, the domain's first one stands for it`;
      this.#told.lifecycle(tied, "unattributed", object, unattributed);
    }
  }

  #emit(merged: MergedDenial): void {
    const { landlockDomain } = merged.denial;
    const tied = this.#tied.get(landlockDomain);
    if (tied !== undefined && tied.own === merged.serial) return;
    const run = tied ?? this.#byProcess(merged);
    if (run === null) return;
    const process = merged.by === null ? this.#standIn(run, tied) : calledBy(merged.by);
    for (const event of denialEvents(run, merged, process)) this.#told.event(event);
  }

  /**
   * A run that was announced while no collector read: whoever is in its control group stands for
   * it. Then denials by a sandbox that the daemon has made for itself are told, too.
   */
  #byProcess({ denial, by }: MergedDenial): SealedRun | null {
    const pid = by?.pid ?? null;
    if (pid === null || this.#foreign.has(denial.landlockDomain)) return null;
    const run = this.#runs.ofProcess(pid);
    // Nobody can tell any more: the next denial of this Landlock domain may.
    if (run === "unknown") return null;
    if (run !== null && !this.#isTied(run)) return run;
    this.#foreign.add(denial.landlockDomain);
    this.#untied.delete(denial.landlockDomain);
    forgetOldest(this.#foreign, FOREIGN_MAX);
    return null;
  }

  #isTied({ pid, domain }: SealedRun): boolean {
    return this.tied.some((one) => one.pid === pid && one.domain === domain);
  }

  /**
   * Processes that are older than the host's first auditing, and all under the audit rule `-a
   * never,task`, have no system call record.
   */
  #standIn({ pid }: SealedRun, tied: Tying | undefined): EventProcess {
    if (tied !== undefined) tied.unattributed += 1;
    return readProcess(pid);
  }
}

type AllocatedStatus = Extract<DomainStatus, { kind: "allocated" }>;
type DeallocatedStatus = Extract<DomainStatus, { kind: "deallocated" }>;

function forgetOldest(known: Map<string, unknown> | Set<string>, max: number): void {
  const oldest = known.keys().next().value;
  if (known.size > max && oldest !== undefined) known.delete(oldest);
}
