import { setPriority } from "node:os";
import { dirname } from "node:path";
import { anchorsFolder } from "../../domains/cgroup-path.ts";
import { listRuns } from "../../domains/runs.ts";
import { writeUseIds } from "../../domains/use-ids.ts";
import { type KernelSource, openKernelSource } from "../../events/collector/kernel-source.ts";
import {
  CAPABILITIES_UNSEEN,
  droppedRequests,
  lifecycleEvent,
  lostRefusals,
} from "../../events/collector/lifecycle.ts";
import type { Event } from "../../events/event.ts";
import { Fold } from "../../events/fold.ts";
import { FOLD_FLUSH_MS } from "../../events/limits.ts";
import { type EventLog, openEventLog } from "../../events/log/event-log.ts";
import { type CollectorStatus, writeCollectorFile } from "../../host/collector-status.ts";
import type { Places } from "../../host/places.ts";
import { readAuditState } from "../../kernel/audit/control.ts";
import { type LoadedUses, loadCapabilityUses } from "../../kernel/bpf/load-capability-uses.ts";
import { type FileLock, isLocked } from "../../kernel/file-lock.ts";
import type { HostFacts } from "../../kernel/host-facts.ts";
import type { Level } from "../../model/policy.ts";
import { Complaints } from "../complaints.ts";
import { CgroupRecords } from "./cgroup-records.ts";
import { LandlockDenials } from "./landlock-denials.ts";
import {
  LOOK_MS,
  NAMED_OF_DOMAIN_MAX,
  NEED_LOOK_MS,
  NICE,
  REMEMBERED_OF_DOMAIN_MAX,
  SWITCH_LOOK_MS,
  TRY_AGAIN_MS,
  UNNEEDED_LOOKS,
} from "./limits.ts";
import { LsmRecords } from "./lsm-records.ts";
import { SealedRuns } from "./sealed-runs.ts";
import { type CollectorState, readCollectorState } from "./state.ts";

interface Subject {
  readonly domain: string;
  readonly number: number | null;
  readonly level: Level;
}

const theHost: Subject = { domain: "superDom", number: 0, level: "disabled" };

export interface CollectorOptions {
  readonly places: Places;
  /** Identifies the program that it runs ({@link CollectorStatus}). */
  readonly program: string;
  readonly landlockLog: HostFacts["features"]["landlock-log"];
  readonly log: (text: string) => void;
  /** One collector at a time has the lock; waits for the previous one. */
  takeLock(): FileLock;
}

/**
 * One process for all of root's sealed domains. It writes what the kernel refuses them, by Landlock
 * and by the programs of their control groups, to the event log, however they were started. The
 * agent keeps it alive; it outlives the agent while sealed domains run.
 */
export class KernelCollector {
  readonly #options: CollectorOptions;
  readonly #log: EventLog;
  readonly #folds = new Map<string, Fold>();
  readonly #complaints: Complaints;
  readonly #timers: NodeJS.Timeout[] = [];
  #source: KernelSource;
  #reading: Promise<void> = Promise.resolve();
  readonly #denials: LandlockDenials;
  #records: CgroupRecords | null = null;
  #lsm: LsmRecords | null = null;
  #uses: LoadedUses | null = null;
  #lock: FileLock | null = null;
  #landlock: string | null = null;
  #programs: string | null = null;
  #capabilities: string | null = null;
  #overruns = 0;
  #told = 0;
  #unneeded = 0;
  #written = "";
  #stop: () => void = () => undefined;
  readonly #stopped = new Promise<void>((resolve) => {
    this.#stop = resolve;
  });

  constructor(options: CollectorOptions) {
    this.#options = options;
    this.#log = openEventLog(dirname(options.places.events));
    this.#complaints = new Complaints(options.log);
    this.#source = this.#openSource();
    const told = {
      event: (event: Event) => this.#add(event),
      lifecycle: (subject: Subject, operation: string, object: string, count: number) =>
        this.#lifecycle(subject, operation, object, count),
    };
    this.#denials = new LandlockDenials(new SealedRuns(options.places), told);
  }

  /** Restores auditing. Safe to call twice. */
  release(): void {
    if (this.#source.state === "reading") this.#source.release();
  }

  stop(): void {
    this.#stop();
  }

  /** Until {@link stop}, or until there is neither an agent nor a sealed run. */
  async run(): Promise<void> {
    setPriority(NICE);
    // Records wait in the socket meanwhile, so that none is lost between two collectors.
    this.#lock = this.#options.takeLock();
    this.#succeed();
    this.#read();
    this.#every(LOOK_MS, () => this.#look());
    this.#every(FOLD_FLUSH_MS, () => this.#flush());
    this.#every(SWITCH_LOOK_MS, () => this.#lookAtSwitch());
    this.#every(TRY_AGAIN_MS, () => this.#tryAgain());
    this.#every(NEED_LOOK_MS, () => this.#lookAtNeed());
    this.#look();
    await this.#stopped;
    await this.#end();
  }

  #every(milliseconds: number, work: () => void): void {
    const about = "the kernel's refusals cannot be looked at";
    this.#timers.push(setInterval(() => void this.#complaints.try(about, work), milliseconds));
  }

  /** Continues where the previous collector ended. */
  #succeed(): void {
    const { system } = this.#options.places;
    const before = readCollectorState(system.collectorState);
    const tied = before.tied.map((one) => ({ ...one, counted: one.counted && before.closed }));
    this.#denials.succeed(tied, before.serial);
    this.#loadUses();
    const folder = anchorsFolder();
    if (folder === null) this.#programs = "no control groups version 2 are mounted";
    else {
      const told = {
        event: (event: Event) => this.#add(event),
        missed: (domain: string, number: number | null, count: number) => {
          const subject = { domain, number, level: "enforcing" } as const;
          this.#lifecycle(subject, "lost", lostRefusals(count), count);
        },
      };
      this.#records = new CgroupRecords(this.#options.places, folder, told);
    }
    this.#lsm = this.#lsmRecords(before);
    if (!before.closed)
      this.#lifecycle(
        theHost,
        "unavailable",
        "refusals by the kernel: the collector was killed, and what came meanwhile is not here",
        1,
      );
    this.#tellUnavailable();
  }

  #lsmRecords(before: CollectorState): LsmRecords {
    const told = {
      event: (event: Event) => this.#add(event),
      dropped: (domain: string, number: number, count: number) => {
        const subject = { domain, number, level: "enforcing" } as const;
        const object = droppedRequests(count);
        this.#append(lifecycleEvent(subject, "lost", object, count, "bpf-lsm"));
      },
    };
    return new LsmRecords(this.#options.places, told, before);
  }

  /** Mediators attach the program while they serve a domain at level warning. */
  #loadUses(): void {
    try {
      this.#uses = loadCapabilityUses();
      writeUseIds(dirname(this.#options.places.system.collectorStatus), this.#uses.ids);
    } catch (error) {
      this.#capabilities = error instanceof Error ? error.message : String(error);
    }
  }

  #openSource(): KernelSource {
    const { landlockLog } = this.#options;
    if (landlockLog.state === "no") {
      this.#landlock = `the kernel keeps no records of them (${landlockLog.why})`;
      return { state: "none" };
    }
    const source = openKernelSource();
    this.#landlock = source.state === "unavailable" ? source.why : null;
    return source;
  }

  #read(): void {
    const source = this.#source;
    if (source.state !== "reading") return;
    const read = source.run((record) => this.#denials.add(record, performance.now()));
    this.#reading = read.catch((error: unknown) => {
      this.#landlock = error instanceof Error ? error.message : String(error);
      this.#tellUnavailable();
      this.stop();
    });
  }

  #tellUnavailable(): void {
    if (this.#landlock !== null)
      this.#lifecycle(theHost, "unavailable", `refusals by Landlock: ${this.#landlock}`, 1);
    if (this.#programs !== null)
      this.#lifecycle(theHost, "unavailable", `refusals by cgroup programs: ${this.#programs}`, 1);
    if (this.#capabilities !== null)
      this.#lifecycle(theHost, "unavailable", `${CAPABILITIES_UNSEEN}${this.#capabilities}`, 1);
  }

  #tryAgain(): void {
    if (this.#source.state !== "unavailable") return;
    this.#source = this.#openSource();
    this.#read();
  }

  /** Auditing that another program has switched off stays off; it is reported. */
  #lookAtSwitch(): void {
    if (this.#source.state !== "reading") return;
    const isOff = readAuditState().enabled === 0;
    const off = "this host's auditing was switched off (auditctl -e 1 switches it on)";
    if (isOff && this.#landlock === null) {
      this.#landlock = off;
      this.#tellUnavailable();
    } else if (!isOff && this.#landlock === off) this.#landlock = null;
  }

  #look(): void {
    this.#denials.expire(performance.now());
    this.#records?.look();
    this.#lsm?.look();
    this.#write(false);
  }

  #flush(): void {
    for (const [domain, fold] of this.#folds) {
      const before = this.#told;
      fold.flush();
      // Nothing waits in it: the domain's next event is again the first of its kind.
      if (this.#told === before) this.#folds.delete(domain);
    }
    this.#lsm?.account();
    this.#log.flush();
    const overruns = this.#source.state === "reading" ? this.#source.overruns() : 0;
    if (overruns > this.#overruns)
      this.#lifecycle(
        theHost,
        "overrun",
        "more audit records at once than fit: the kernel tells of each domain how many are lost",
        overruns - this.#overruns,
      );
    this.#overruns = overruns;
  }

  /** Ends if no sealed run is left and no agent runs, which might start one. */
  #lookAtNeed(): void {
    const { system } = this.#options.places;
    const hasAgent = isLocked(system.agentLock);
    const isAttached = this.#lsm?.isAttached === true;
    const isNeeded =
      hasAgent || isAttached || listRuns(system.runs).some(({ mode }) => mode === "sealed");
    this.#unneeded = isNeeded ? 0 : this.#unneeded + 1;
    if (this.#unneeded >= UNNEEDED_LOOKS) this.stop();
  }

  async #end(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    if (this.#source.state === "reading") {
      this.#source.stop();
      await this.#reading;
    }
    this.#denials.expire(performance.now(), true);
    this.#records?.look();
    this.#lsm?.look();
    this.#lsm?.account();
    for (const fold of this.#folds.values()) fold.flush(Number.POSITIVE_INFINITY);
    this.#log.close();
    this.#write(true);
    this.#records?.close();
    this.#lsm?.close();
    this.#uses?.[Symbol.dispose]();
    this.release();
    this.#lock?.release();
  }

  #add(event: Event): void {
    let fold = this.#folds.get(event.domain);
    if (fold === undefined) {
      const { domain, number, level } = event;
      const lifecycle = (operation: string, object: string, count: number): Event =>
        lifecycleEvent({ domain, number, level }, operation, object, count);
      const limits = { named: NAMED_OF_DOMAIN_MAX, remembered: REMEMBERED_OF_DOMAIN_MAX };
      fold = new Fold((one) => this.#append(one), lifecycle, limits);
      this.#folds.set(event.domain, fold);
    }
    fold.add(event);
  }

  #append(event: Event): void {
    this.#told += 1;
    this.#log.append(event);
  }

  #lifecycle(subject: Subject, operation: string, object: string, count: number): void {
    this.#append(lifecycleEvent(subject, operation, object, count));
  }

  /** After the events that it covers, so that the next collector reports none of them twice. */
  #write(closed: boolean): void {
    const { system } = this.#options.places;
    this.#records?.note();
    const hasChanged = [this.#denials.takeChanged(), this.#lsm?.takeChanged()].includes(true);
    if (hasChanged || closed || this.#written === "")
      writeCollectorFile(system.collectorState, {
        closed,
        serial: this.#denials.serial,
        tied: this.#denials.tied,
        ...(this.#lsm?.counted ?? { buffer: null, dropped: [] }),
      });
    const status: CollectorStatus = {
      pid: process.pid,
      program: this.#options.program,
      landlock: this.#landlock,
      programs: this.#programs,
      capabilities: this.#capabilities,
    };
    const text = JSON.stringify(status);
    if (text !== this.#written) writeCollectorFile(system.collectorStatus, status);
    this.#written = text;
  }
}
