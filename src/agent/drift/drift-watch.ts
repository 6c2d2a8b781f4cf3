import { listRuns, type Run } from "../../domains/runs.ts";
import { driftEvent } from "../../events/drift-event.ts";
import type { Event } from "../../events/event.ts";
import type { DriftState } from "../../host/agent-answers.ts";
import { driftIn, type HeldName, heldNames, withRoot } from "../../host/held-names.ts";
import type { Places } from "../../host/places.ts";
import { storedNames } from "../../host/stored-names.ts";
import { Complaints } from "../complaints.ts";
import { TELLINGS_MAX, ToldNames } from "./told-names.ts";
import { ToldState } from "./told-state.ts";
import {
  DIRECTORIES_MAX,
  directoriesAbove,
  type Unwatched,
  WatchedDirectories,
} from "./watched-directories.ts";

/** Milliseconds between readings of what the kernel reports. */
const TICK_MS = 1_000;
/** Milliseconds between two looks at a run that has changed. */
const SETTLE_MS = 2_000;
/** Milliseconds between looks at every run: mounts and what is not watched give no report. */
const LOOK_AT_ALL_MS = 300_000;
/** Milliseconds after which the looks of one tick end; the others are for the next ticks. */
const LOOKS_MS_MAX = 20;
/** Looks are followed by so many times their own duration without any. */
const REST_FACTOR = 20;

export interface DriftHost {
  readonly places: Places;
  readonly log: (text: string) => void;
  tell(event: Event): void;
}

/** A sealed run and the names that its rules are on. */
interface WatchedRun {
  readonly run: Run;
  /** null until the first look. */
  names: readonly HeldName[] | null;
  readonly told: ToldNames;
  /** When to look at it next, milliseconds of `performance.now()`. */
  due: number;
  unwatched: Unwatched | null;
  /** Names on file systems that are not looked at ({@link storedNames}). */
  elsewhere: number;
}

const reasons: Readonly<Record<Unwatched, string>> = {
  "own-limit": `${DIRECTORIES_MAX} directories are watched, and no more are`,
  watches: "the host's limit fs.inotify.max_user_watches is reached (sysctl raises it)",
  instances: "no inotify instance is left (fs.inotify.max_user_instances, or open files)",
};

/**
 * Notices granted names of sealed runs that no longer reach what they did at the start, and tells
 * each change once. inotify only says when to look; {@link driftIn} decides. What a confined
 * process does in a watched directory costs the agent a bounded share of time: reports are read
 * once a second, a run is looked at once in {@link SETTLE_MS}, in turn, and looks are followed by a
 * rest.
 */
export class DriftWatch {
  readonly #agent: DriftHost;
  readonly #directories: WatchedDirectories<WatchedRun>;
  readonly #state: ToldState;
  readonly #complaints: Complaints;
  readonly #runs = new Map<string, WatchedRun>();
  #timer: NodeJS.Timeout | null = null;
  #runsChanged = true;
  #lookedAtAll = 0;
  #restUntil = 0;

  constructor(agent: DriftHost, directories = new WatchedDirectories<WatchedRun>()) {
    this.#agent = agent;
    this.#directories = directories;
    this.#complaints = new Complaints(agent.log);
    this.#state = new ToldState(agent.places.system.drift);
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#complaints.try("what domains hold cannot be looked at", () =>
        this.tick(performance.now()),
      );
    }, TICK_MS);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#directories.close();
  }

  runsChanged(): void {
    this.#runsChanged = true;
  }

  /** Names that have drifted, by domain, as of the last look. */
  drifted(domain: string, number: number): number {
    const those = [...this.#runs.values()].filter(
      ({ run }) => run.domain === domain && run.number === number,
    );
    return new Set(those.flatMap(({ told }) => told.told.map(({ path }) => path))).size;
  }

  get state(): DriftState {
    const runs = [...this.#runs.values()];
    return {
      runs: runs.length,
      names: runs.reduce((sum, { names }) => sum + (names?.length ?? 0), 0),
      elsewhere: runs.reduce((sum, { elsewhere }) => sum + elsewhere, 0),
      directories: this.#directories.size,
      problems: this.#problems(),
    };
  }

  tick(now: number): void {
    if (this.#runsChanged) this.#readRuns(now);
    this.#readReports(now);
    if (now < this.#restUntil) return;
    const due = [...this.#runs.values()]
      .filter((one) => one.due <= now)
      .sort((a, b) => a.due - b.due);
    if (due.length === 0) return;
    const began = performance.now();
    const took = () => performance.now() - began;
    for (const one of due) {
      this.#look(one, now);
      if (took() > LOOKS_MS_MAX) break;
    }
    this.#restUntil = now + took() * REST_FACTOR;
    this.#complain();
  }

  #readRuns(now: number): void {
    this.#runsChanged = false;
    const runs = new Map(listRuns(this.#agent.places.system.runs).map((run) => [keyOf(run), run]));
    for (const [key, one] of this.#runs) {
      if (runs.get(key)?.holderState === "alive") continue;
      this.#directories.release(one);
      this.#runs.delete(key);
    }
    for (const [key, run] of runs) {
      if (run.mode !== "sealed" || run.holderState !== "alive" || this.#runs.has(key)) continue;
      this.#runs.set(key, {
        run,
        names: null,
        told: new ToldNames(this.#state.of(key)),
        due: now,
        unwatched: null,
        elsewhere: 0,
      });
    }
  }

  #readReports(now: number): void {
    const changed = this.#directories.changed();
    for (const one of this.#runs.values())
      if (changed === "all" || changed.has(one))
        // A look that is due is not put off, however often there is something new.
        one.due = Math.min(one.due, now + SETTLE_MS);
    if (now - this.#lookedAtAll < LOOK_AT_ALL_MS) return;
    this.#lookedAtAll = now;
    for (const one of this.#runs.values()) one.due = Math.min(one.due, now);
  }

  #look(one: WatchedRun, now: number): void {
    one.due = Number.POSITIVE_INFINITY;
    const { run } = one;
    const isStored = storedNames(run.holder);
    const drift = isStored === null ? null : this.#driftOf(one, isStored);
    if (drift === null) {
      this.#runsChanged = true;
      return;
    }
    const { tellings, isSettled } = one.told.look(drift, now);
    if (!isSettled) one.due = now + SETTLE_MS;
    if (tellings.length === 0) return;
    const { domain, number, level, pid } = run;
    for (const { path, change, isLast } of tellings) {
      const note = isLast
        ? `further changes of it are not told for an hour (${TELLINGS_MAX})`
        : null;
      this.#agent.tell(driftEvent({ domain, number, level, pid, path, change, note }));
    }
    this.#save();
  }

  /** null for a run that has ended. */
  #driftOf(one: WatchedRun, isStored: (path: string) => boolean) {
    one.names ??= watchedNames(one.run);
    const names = one.names.filter(({ path }) => isStored(path));
    one.elsewhere = one.names.length - names.length;
    const directories = directoriesAbove(names.map(({ path }) => path));
    return withRoot(one.run, (root) => {
      // First, so that what changes during the comparison is reported.
      one.unwatched = this.#directories.place(one, root, directories);
      return driftIn(root, names);
    });
  }

  #save(): void {
    const told = [...this.#runs].map(([key, one]) => [key, one.told.told] as const);
    this.#complaints.try("what has been told of changed names cannot be kept", () =>
      this.#state.save(told),
    );
  }

  #problems(): readonly string[] {
    const minutes = LOOK_AT_ALL_MS / 60_000;
    return (Object.keys(reasons) as Unwatched[]).flatMap((reason) => {
      const those = [...this.#runs.values()].filter(({ unwatched }) => unwatched === reason);
      const domains = [...new Set(those.map(({ run }) => run.domain))].sort();
      if (domains.length === 0) return [];
      return [
        `${reasons[reason]}: changed names of ${domains.join(", ")} are noticed only by a look ` +
          `every ${minutes} minutes, and not at all if they are put back before`,
      ];
    });
  }

  #complain(): void {
    const problems = this.#problems();
    if (problems.length === 0) this.#complaints.over("watches");
    else this.#complaints.say("watches", problems.join("; "));
  }
}

/** Read once, so that the run's plan need not stay in memory. */
function watchedNames(run: Run): readonly HeldName[] {
  const held = heldNames(run);
  return held === null ? [] : held.names.filter(({ path }) => !held.isDomainsOwn(path));
}

/** Unique on this host until the next boot. */
function keyOf({ pid, start }: Run): string {
  return `${pid}-${start}`;
}
