import { forgetOldest } from "../../base/forget-oldest.ts";
import { calledBy, denialEvents } from "../../events/collector/kernel-denials.ts";
import { lostDenials, unattributedDenials } from "../../events/collector/lifecycle.ts";
import { type MergedDenial, Serials } from "../../events/collector/serials.ts";
import type { Event, EventProcess } from "../../events/event.ts";
import { readProcess } from "../../events/process-info.ts";
import {
  type Denial,
  type DomainStatus,
  readLandlockRecord,
} from "../../kernel/audit/landlock-record.ts";
import type { AuditRecord } from "../../kernel/audit/record.ts";
import type { Policy } from "../../model/policy.ts";
import { FOREIGN_MAX, POLICIES_MAX, TIED_MAX, UNTIED_MAX } from "./limits.ts";
import type { SealedRun, SealedRuns } from "./sealed-runs.ts";

/** A Landlock domain and the sealed run that its launcher made it for. */
export interface Tied extends SealedRun {
  /** As the kernel writes it. */
  readonly landlockDomain: string;
  /** The record in which the launcher provoked its own denial; null if it was not read. */
  readonly own: number | null;
  /** The kernel counts denials, too. */
  readonly seen: number;
  /** Without a process from the kernel. */
  readonly unattributed: number;
  /** `seen` is exact: no collector died meanwhile. */
  readonly counted: boolean;
}

type Tying = { -readonly [Name in keyof Tied]: Tied[Name] };

interface Untied {
  seen: number;
  /** The plan that the Landlock domain was denied first, and that record. */
  sentinel: { readonly path: string; readonly serial: number } | null;
}

export interface Told {
  event(event: Event): void;
  /** An event of Cofferdam's own about a run. */
  lifecycle(run: SealedRun, operation: string, object: string, count: number): void;
}

/**
 * Picks the denials of all sealed runs of root's out of the host's audit records. The announcement
 * that comes with the first denial of a Landlock domain names the process that made it, and so ties
 * it to a run, once. That process may be a daemon that made a sandbox of its own. A launcher is
 * recognised by the plan that it tries to read first, or by its program.
 */
export class LandlockDenials {
  readonly #runs: SealedRuns;
  readonly #told: Told;
  readonly #serials = new Serials((merged) => this.#emit(merged));
  readonly #tied = new Map<string, Tying>();
  readonly #untied = new Map<string, Untied>();
  readonly #foreign = new Set<string>();
  /** By process id and domain of a run. */
  readonly #policies = new Map<string, Policy | null>();
  /** The previous collector reported records up to this serial. */
  #after = 0;
  #serial = 0;
  #hasChanged = false;

  constructor(runs: SealedRuns, told: Told) {
    this.#runs = runs;
    this.#told = told;
  }

  /**
   * Call before the first record. The previous collector knew `before`, and has reported all
   * records up to the serial `after`.
   */
  succeed(before: readonly Tied[], after: number): void {
    for (const tied of before) this.#tied.set(tied.landlockDomain, { ...tied });
    this.#after = after;
    this.#serial = after;
  }

  /** For the next collector. */
  get tied(): readonly Tied[] {
    return [...this.#tied.values()];
  }

  /** Of the latest record that was read. */
  get serial(): number {
    return this.#serial;
  }

  /** Whether {@link tied} has changed since the last call. */
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
    forgetOldest(this.#tied, TIED_MAX);
  }

  #deallocated({ landlockDomain, denials }: DeallocatedStatus, now: number): void {
    this.#untied.delete(landlockDomain);
    this.#foreign.delete(landlockDomain);
    const tied = this.#tied.get(landlockDomain);
    if (tied === undefined) return;
    this.#serials.expire(now, true);
    this.#tied.delete(landlockDomain);
    this.#policies.delete(keyOf(tied));
    this.#hasChanged = true;
    const missed = tied.counted && denials !== null ? Math.max(0, denials - tied.seen) : 0;
    if (missed > 0) this.#told.lifecycle(tied, "lost", lostDenials(missed), missed);
    const { unattributed } = tied;
    if (unattributed > 0)
      this.#told.lifecycle(tied, "unattributed", unattributedDenials(unattributed), unattributed);
  }

  #emit(merged: MergedDenial): void {
    const { landlockDomain } = merged.denial;
    const tied = this.#tied.get(landlockDomain);
    if (tied !== undefined && tied.own === merged.serial) return;
    const run = tied ?? this.#byProcess(merged);
    if (run === null) return;
    const process = merged.by === null ? this.#standIn(run, tied) : calledBy(merged.by);
    for (const event of denialEvents(run, merged, process, this.#policyOf(run)))
      this.#told.event(event);
  }

  /** A plan is read once for each run, whatever a flood of denials asks for. */
  #policyOf(run: SealedRun): Policy | null {
    const key = keyOf(run);
    const known = this.#policies.get(key);
    if (known !== undefined) return known;
    const policy = this.#runs.policyOf(run);
    this.#policies.set(key, policy);
    forgetOldest(this.#policies, POLICIES_MAX);
    return policy;
  }

  /**
   * For a run that was announced while no collector read: the run whose control group has the
   * process. Denials by a daemon's own sandbox are then reported, too.
   */
  #byProcess({ denial, by }: MergedDenial): SealedRun | null {
    const pid = by?.pid ?? null;
    if (pid === null || this.#foreign.has(denial.landlockDomain)) return null;
    const run = this.#runs.ofProcess(pid);
    // The process has ended, or is hidden: the next denial of this Landlock domain may identify the
    // run.
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

function keyOf({ pid, domain }: SealedRun): string {
  return `${pid} ${domain}`;
}

type AllocatedStatus = Extract<DomainStatus, { kind: "allocated" }>;
type DeallocatedStatus = Extract<DomainStatus, { kind: "deallocated" }>;
