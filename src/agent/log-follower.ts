import { readFileSync } from "node:fs";
import { PRIVATE_FILE } from "../base/modes.ts";
import type { Forwarder } from "../events/forward/forwarder.ts";
import { parseStates } from "../events/forward/parse-states.ts";
import {
  type ForwardStates,
  type SinkName,
  sinkNames,
  systemForwarders,
} from "../events/forward/system-forwarders.ts";
import { LOG_NAME } from "../events/log/places.ts";
import { hasCode } from "../kernel/errno-error.ts";
import { replaceFile } from "../kernel/replace-file.ts";
import { Complaints } from "./complaints.ts";
import { EventTally, type Tally } from "./event-tally.ts";
import type { EvidenceKeeper } from "./evidence/evidence.ts";
import { FolderWatch } from "./folder-watch.ts";

/** Milliseconds for which new records are gathered. */
const GATHER_MS = 100;
/** Milliseconds until an unavailable sink is tried again. */
const TRY_AGAIN_MS = 5_000;
const STATE_MODE = PRIVATE_FILE;

/**
 * Forwards the event log to vmkernel.log, vobd.log and journald, and counts it, also by domain for
 * `ready`. Wakes only when the log has grown.
 */
export class LogFollower {
  readonly #statePath: string;
  readonly #complaints: Complaints;
  readonly #forwarders: Readonly<Record<SinkName, Forwarder>>;
  readonly #tally: EventTally;
  readonly #evidence: EvidenceKeeper;
  readonly #problems = new Map<SinkName, string>();
  #states: ForwardStates;
  readonly #watch: FolderWatch;
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;

  /** `statePath`: the file with the progress of each sink. */
  constructor(
    folder: string,
    statePath: string,
    evidence: EvidenceKeeper,
    log: (text: string) => void,
  ) {
    this.#statePath = statePath;
    this.#evidence = evidence;
    this.#complaints = new Complaints(log);
    this.#states = readStates(statePath, log);
    this.#forwarders = systemForwarders(folder, this.#states);
    this.#tally = new EventTally(folder);
    const isLog = (name: string | null): boolean => name === null || name === LOG_NAME;
    this.#watch = new FolderWatch(
      folder,
      (name) => (isLog(name) ? this.#later(GATHER_MS) : undefined),
      log,
    );
  }

  start(): void {
    this.#watch.start();
    this.#later(0);
  }

  /** Delivers the remaining records, once. */
  stop(): void {
    this.#stopped = true;
    this.#watch.stop();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#step();
    for (const name of sinkNames) this.#forwarders[name].close();
    this.#tally.close();
    this.#evidence.stop();
  }

  /** By domain. */
  today(): ReadonlyMap<string, number> {
    return this.#tally.today();
  }

  tally(): Tally {
    return this.#tally.tally();
  }

  /** Unavailable sinks, and why. */
  get problems(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#problems);
  }

  #later(milliseconds: number): void {
    if (this.#stopped) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      const wait = this.#step();
      if (wait !== null) this.#later(wait);
    }, milliseconds);
  }

  /** Milliseconds until there is more to do; null if nothing is left. */
  #step(): number | null {
    let more = !this.#count();
    let moved = false;
    for (const name of sinkNames) {
      const { state, delivered, caughtUp, problem } = this.#forwarders[name].step();
      this.#states = { ...this.#states, [name]: state };
      moved ||= delivered > 0;
      more ||= !caughtUp && problem === null;
      this.#note(name, problem);
    }
    if (moved) this.#save();
    return more ? 0 : this.#problems.size > 0 ? TRY_AGAIN_MS : null;
  }

  #count(): boolean {
    try {
      const isEvidenceRead = this.#evidence.step();
      return this.#tally.step() && isEvidenceRead;
    } catch (error) {
      // The forwarders meet the same error and report it.
      if (error instanceof Error) return true;
      throw error;
    }
  }

  #note(name: SinkName, problem: string | null): void {
    if (problem === null) {
      this.#problems.delete(name);
      this.#complaints.over(name);
    } else {
      this.#problems.set(name, problem);
      this.#complaints.say(name, `events cannot be passed on to ${name}: ${problem}`);
    }
  }

  #save(): void {
    const bytes = Buffer.from(`${JSON.stringify(this.#states)}\n`);
    this.#complaints.try(`${this.#statePath} cannot be written`, () =>
      replaceFile(this.#statePath, bytes, STATE_MODE),
    );
  }
}

/** Without a saved state everything is forwarded from the oldest record on. */
function readStates(path: string, log: (text: string) => void): ForwardStates {
  try {
    return parseStates(readFileSync(path, "utf8"));
  } catch (error) {
    if (hasCode(error, "ENOENT")) return {};
    log(
      `${path} cannot be used, events are forwarded from the oldest on: ` +
        `${error instanceof Error ? error.message : error}`,
    );
    return {};
  }
}
