import { performance } from "node:perf_hooks";
import { Fold } from "../fold.ts";
import { CGROUP_POLL_MS, FOLD_FLUSH_MS, GRACE_MS } from "../limits.ts";
import type { CgroupSource } from "./cgroup-source.ts";
import { KernelDenials, type Run } from "./kernel-denials.ts";
import type { KernelSource } from "./kernel-source.ts";
import { lifecycleEvent, lostDenials, lostRefusals, unattributedDenials } from "./lifecycle.ts";
import { Lines } from "./lines.ts";
import { parseLine } from "./said.ts";
import type { Sink } from "./sink.ts";

const UNTIED =
  "the record by which this run's are told from others' never came, so none of them is here; " +
  "try again when fewer records are made, or raise the limit (auditctl -b)";

/** Milliseconds between checks for incomplete kernel events. */
const EXPIRE_MS = 50;

/**
 * Gathers the events of one run from the kernel's audit records, its cgroup's programs and the
 * mediator, until all have ended.
 */
export class Collector {
  readonly #run: Run;
  readonly #sink: Sink;
  readonly #kernel: KernelSource;
  readonly #cgroup: CgroupSource;
  readonly #denials: KernelDenials;
  readonly #fold: Fold;
  readonly #lines: Lines;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #mediatorsOwn: boolean;
  #malformed = 0;
  #pipeClosed = false;
  #stopRequested = false;
  #finished = false;

  /** `mediatorsOwn`: the mediator writes its events itself to the same place. */
  constructor(
    run: Run,
    sink: Sink,
    kernel: KernelSource,
    cgroup: CgroupSource,
    mediatorsOwn = false,
  ) {
    this.#mediatorsOwn = mediatorsOwn;
    this.#run = run;
    this.#sink = sink;
    this.#kernel = kernel;
    this.#cgroup = cgroup;
    this.#fold = new Fold(
      (event) => sink.write(event),
      (operation, object, count) => lifecycleEvent(run, operation, object, count),
    );
    this.#denials = new KernelDenials(run, (event) => this.#fold.add(event));
    this.#lines = new Lines((line) => this.#mediatorLine(line));
  }

  fromMediator(chunk: Buffer): void {
    this.#lines.add(chunk);
  }

  /** The pipe's last writer is gone: so are the mediator and the holder. */
  mediatorGone(): void {
    this.#pipeClosed = true;
    this.#perhapsStop();
  }

  /** Ends {@link collect} soon, whatever still runs. */
  stop(): void {
    if (this.#stopRequested) return;
    this.#stopRequested = true;
    this.#finish();
  }

  /** Resolves when the run is over and everything is written. */
  async collect(): Promise<void> {
    if (this.#kernel.state === "unavailable") {
      this.#lifecycle(
        "unavailable",
        `denials by the kernel (${this.#kernel.why}): only the broker's are here`,
      );
    }
    if (this.#cgroup.state === "unavailable") {
      this.#lifecycle(
        "unavailable",
        `refusals by the programs of its cgroup (${this.#cgroup.why})`,
      );
    }
    this.#timers.push(setInterval(() => this.#pollCgroup(), CGROUP_POLL_MS));
    this.#timers.push(setInterval(() => this.#fold.flush(), FOLD_FLUSH_MS));
    this.#timers.push(setInterval(() => this.#denials.expire(performance.now()), EXPIRE_MS));
    if (this.#kernel.state === "reading") {
      await this.#kernel.run((record) => {
        this.#denials.add(record, performance.now());
        this.#perhapsStop();
      });
    } else await this.#untilFinished();
    for (const timer of this.#timers) clearInterval(timer);
    this.#denials.expire(performance.now(), true);
    if (this.#cgroup.state === "reading")
      this.#cgroup.refusals.poll((event) => this.#fold.add(event), Number.POSITIVE_INFINITY);
    this.#fold.flush(Number.POSITIVE_INFINITY);
    this.#account();
  }

  #pollCgroup(): void {
    if (this.#cgroup.state === "reading")
      this.#cgroup.refusals.poll((event) => this.#fold.add(event));
  }

  #resolveFinished: (() => void) | null = null;

  #untilFinished(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#finished) resolve();
      else this.#resolveFinished = resolve;
    });
  }

  #finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    if (this.#kernel.state === "reading") this.#kernel.stop();
    this.#resolveFinished?.();
  }

  #grace: NodeJS.Timeout | null = null;

  /**
   * Without a mediator the pipe closes at the start. Then only the launcher's process shows that
   * the run lasts.
   */
  #perhapsStop(): void {
    if (!this.#pipeClosed || this.#finished) return;
    if (this.#denials.ended || this.#kernel.state !== "reading") this.#finish();
    else if (this.#grace === null) {
      this.#grace = setInterval(() => {
        if (!isAlive(this.#run.launcher)) this.#finish();
      }, GRACE_MS);
      this.#timers.push(this.#grace);
    }
  }

  #mediatorLine(line: string): void {
    const said = parseLine(line);
    if (said === null) this.#malformed += 1;
    else if (!("daemon" in said)) {
      if (!this.#mediatorsOwn) this.#fold.add(said);
    } else if (this.#cgroup.state === "reading") this.#cgroup.refusals.named(said.daemon);
  }

  /** Losses are reported at the end, if there were any. */
  #account(): void {
    const { missed, landlockDomain, unattributed } = this.#denials;
    if (this.#kernel.state === "reading") {
      const lost = this.#kernel.lost();
      if (missed !== null && missed > 0) this.#lifecycle("lost", lostDenials(missed));
      else if (lost > 0)
        this.#lifecycle("lost", `${lost} audit records of this host, perhaps of this domain`);
      if (landlockDomain === null)
        this.#lifecycle("unavailable", `denials by the kernel: ${UNTIED}`);
    }
    if (this.#cgroup.state === "reading" && !this.#cgroup.refusals.isNamed)
      this.#lifecycle(
        "unavailable",
        "refusals by the programs of its cgroup: its holder ended before it could say which",
      );
    if (this.#cgroup.state === "reading" && this.#cgroup.refusals.missed > 0)
      this.#lifecycle("lost", lostRefusals(this.#cgroup.refusals.missed));
    if (unattributed > 0) this.#lifecycle("unattributed", unattributedDenials(unattributed));
    const unread = this.#malformed + this.#lines.dropped;
    if (unread > 0) this.#lifecycle("lost", `${unread} lines of the mediator that are not events`);
    const failure = this.#sink.failure();
    if (failure !== null)
      process.stderr.write(`cofferdam: ${failure.count} events were not written: ${failure.why}\n`);
  }

  #lifecycle(operation: string, object: string): void {
    this.#sink.write(lifecycleEvent(this.#run, operation, object, 1));
  }
}

function isAlive(pid: number | null): boolean {
  if (pid === null) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
