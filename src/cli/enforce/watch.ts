import type { Event } from "../../events/event.ts";
import type { Batch } from "../../events/log/reader.ts";
import { howItEnded, isUp, type UnitState } from "../../host/units/unit-state.ts";
import { requestOfEvent } from "../explain/request-of-event.ts";
import { spellRequest } from "../explain/spell-request.ts";

/** Milliseconds between two looks. */
const LOOK_MS = 1_000;
/** Distinct denials that are remembered; further ones are counted. */
const DENIALS_NAMED_MAX = 100;
/** Records of the log that are read in one look. */
const RECORDS_PER_LOOK_MAX = 10_000;

/** What the watch asks the host. */
export interface WatchedHost {
  /** Of the domain; empty without systemd. */
  units(): readonly UnitState[];
  /** Process ids of its runs whose daemon lives. */
  runs(): readonly number[];
  /** Records of the log since the last call. */
  log(max: number): Pick<Batch, "records" | "missing">;
  /** Milliseconds of a clock that cannot be set. */
  now(): number;
  /** Until the time has passed, or the signal is aborted. */
  pause(milliseconds: number, signal: AbortSignal): Promise<void>;
}

export interface SeenDenial {
  readonly access: string;
  readonly seq: number;
  readonly count: number;
}

export interface Seen {
  /** Seconds for which the domain was watched. */
  readonly seconds: number;
  /** Distinct ones by the number of their first event, for `why`. */
  readonly denials: readonly SeenDenial[];
  readonly denied: number;
  /** Events that the log lost or only counted. */
  readonly lost: number;
  /** Runs that ended while others of the domain went on. */
  readonly ended: readonly number[];
}

/** How a watch ended. */
export type Outcome =
  | { readonly state: "passed" }
  /** `why`: a sentence without its stop. */
  | { readonly state: "failed"; readonly why: string }
  | { readonly state: "interrupted"; readonly why: string };

export interface WatchOptions {
  readonly domain: string;
  readonly seconds: number;
  /** A denial counts as a failure. */
  readonly strict: boolean;
  /** Aborted by a signal, whose name is the reason. */
  readonly signal: AbortSignal;
  readonly progress: (left: number, denied: number) => void;
}

/** Watches a domain after its level has changed, and ends at the first failure of its service. */
export class Watch {
  readonly #host: WatchedHost;
  readonly #options: WatchOptions;
  #start: number;
  #units: readonly UnitState[];
  readonly #runs: readonly number[];
  readonly #denials = new Map<string, SeenDenial>();
  readonly #ended = new Set<number>();
  #denied = 0;
  #lost = 0;

  /** Compares with what is there now: make it before the level changes. */
  constructor(host: WatchedHost, options: WatchOptions) {
    this.#host = host;
    this.#options = options;
    this.#start = host.now();
    this.#units = host.units();
    this.#runs = host.runs();
  }

  get seen(): Seen {
    return {
      seconds: Math.floor((this.#host.now() - this.#start) / 1_000),
      denials: [...this.#denials.values()],
      denied: this.#denied,
      lost: this.#lost,
      ended: [...this.#ended],
    };
  }

  /**
   * The time begins now. `isRestarted`: the units were just started anew. One may have failed since
   * already, so that what they ought to be is compared, and not what they are.
   */
  begin(isRestarted: boolean): void {
    this.#start = this.#host.now();
    if (!isRestarted) return;
    const now = this.#host.units();
    this.#units = this.#units.map((before) =>
      startedAnew(before, now.find(({ unit }) => unit === before.unit) ?? before),
    );
  }

  async wait(): Promise<Outcome> {
    const { seconds, signal, progress } = this.#options;
    for (;;) {
      if (signal.aborted) return { state: "interrupted", why: String(signal.reason) };
      const why = this.#failure();
      if (why !== null) return { state: "failed", why };
      const left = seconds - (this.#host.now() - this.#start) / 1_000;
      if (left <= 0) return { state: "passed" };
      progress(Math.ceil(left), this.#denied);
      await this.#host.pause(Math.min(LOOK_MS, left * 1_000), signal);
    }
  }

  #failure(): string | null {
    this.#readLog();
    const { strict, domain } = this.#options;
    if (strict && this.#denied > 0) return `${domain} was denied something`;
    return this.#failedUnit() ?? (this.#units.length === 0 ? this.#noRunLeft() : null);
  }

  #failedUnit(): string | null {
    for (const unit of this.#host.units()) {
      const before = this.#units.find((one) => one.unit === unit.unit);
      if (before === undefined) continue;
      if (unit.restarts > before.restarts || unit.sub === "auto-restart") return restartWords(unit);
      const hasFailed = unit.active === "failed" && before.active !== "failed" && !unit.hasJob;
      if (hasFailed || (isUp(before) && !isUp(unit))) return `${unit.unit} ${howItEnded(unit)}`;
    }
    return null;
  }

  /** Without a unit nothing tells how a process ended; tools come and go. */
  #noRunLeft(): string | null {
    const now = this.#host.runs();
    for (const pid of this.#runs) if (!now.includes(pid)) this.#ended.add(pid);
    const isOver = this.#runs.length > 0 && now.length === 0;
    return isOver ? `no process that ran in ${this.#options.domain} is left` : null;
  }

  #readLog(): void {
    const { records, missing } = this.#host.log(RECORDS_PER_LOOK_MAX);
    this.#lost += missing;
    for (const { event, seq } of records) {
      if (event.class === "lifecycle") this.#lost += lostIn(event, this.#options.domain);
      else if (event.verdict === "denied" && event.domain === this.#options.domain)
        this.#deny(event, seq);
    }
  }

  #deny(event: Event, seq: number): void {
    this.#denied += event.count;
    const asked = requestOfEvent(event);
    const access =
      asked.kind === "request" ? spellRequest(asked.request) : `${event.operation} ${event.object}`;
    const before = this.#denials.get(access);
    if (before === undefined && this.#denials.size >= DENIALS_NAMED_MAX) return;
    const count = (before?.count ?? 0) + event.count;
    this.#denials.set(access, { access, seq: before?.seq ?? seq, count });
  }
}

/** A unit that was down before may be one that ends by itself, such as a job. */
function startedAnew(before: UnitState, now: UnitState): UnitState {
  // An ordered restart sets the counter to 0, except of a unit that waits for its next start.
  const restarts = before.sub === "auto-restart" ? now.restarts : 0;
  const state = isUp(before) ? { active: "active", sub: "running" } : { active: "inactive" };
  return { ...now, ...state, restarts, hasJob: false };
}

function restartWords({ unit, mainProcess }: UnitState): string {
  return `${unit} was restarted by systemd: its main process ${mainProcess ?? "ended"}`;
}

/** Of this domain, or of any. */
function lostIn({ operation, domain, source, count }: Event, watched: string): number {
  const isLoss = operation === "lost" || operation === "folded";
  return isLoss && (domain === watched || source === "log") ? count : 0;
}
