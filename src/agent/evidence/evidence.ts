import { mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { PRIVATE_FILE, PRIVATE_FOLDER } from "../../base/modes.ts";
import { readJson } from "../../base/read-json.ts";
import * as is from "../../base/schema.ts";
import { levelClock } from "../../domains/level-clock.ts";
import { follows, listRuns } from "../../domains/runs.ts";
import { StateError } from "../../domains/state-error.ts";
import { domainsWithState, readState } from "../../domains/state-file.ts";
import { theHost } from "../../events/audit-event.ts";
import { CAPABILITIES_UNSEEN } from "../../events/collector/lifecycle.ts";
import { endOf, LogReader, type PlacedRecord, type Position } from "../../events/log/reader.ts";
import type { LoggedEvent } from "../../events/log/record.ts";
import { evidenceFile, type Gap, type ShownEvidence } from "../../host/evidence.ts";
import { libraryFile } from "../../host/load.ts";
import type { Places } from "../../host/places.ts";
import { replaceFile } from "../../kernel/replace-file.ts";
import { parseDomainName } from "../../policy/names.ts";
import { Complaints } from "../complaints.ts";
import type { DomainTable } from "../domain-table.ts";
import type { DomainEntry } from "../entry.ts";
import {
  EVIDENCE_RECORDS_MAX,
  EVIDENCE_SAVE_MS,
  EVIDENCE_TURNS_MAX,
  USED_LOOK_MS,
} from "./limits.ts";
import { MarkedGrants } from "./marked-grants.ts";
import { isNarrowed } from "./narrowed.ts";
import { type RunsNow, WatchedDomain } from "./watched-domain.ts";

const count = is.whole(0);
const position: is.Schema<Position> = is.object({
  seq: count,
  hash: is.text,
  file: is.text,
  at: count,
});
const UNMARKED = "what domains use of their grants cannot be read";
const UNREADABLE = "the event log cannot be read for `cofferdam ready`";
/** No domain has this name. */
const POSITION_NAME = ".position";

/**
 * Keeps what is seen of each domain at level warning, for `ready`: since when, starts, what was
 * warned about, which grants were used, and what may have been missed. The log is followed by its
 * records' numbers, so that neither a rotation nor a restart of the agent hides a warning or counts
 * one twice.
 */
export class EvidenceKeeper {
  readonly #places: Places;
  readonly #table: DomainTable;
  readonly #complaints: Complaints;
  readonly #folder: string;
  readonly #domains = new Map<string, WatchedDomain>();
  readonly #reader: LogReader;
  readonly #marked: MarkedGrants;
  readonly #looking: NodeJS.Timeout;
  #position: Position | null;
  #isBehind = true;
  #timer: NodeJS.Timeout | null = null;

  constructor(places: Places, table: DomainTable, log: (text: string) => void) {
    this.#places = places;
    this.#table = table;
    this.#complaints = new Complaints(log);
    this.#folder = places.system.evidence;
    this.#marked = new MarkedGrants(places.system.used);
    this.#complaints.try(UNMARKED, () => this.#marked.make());
    this.#looking = setInterval(() => this.#lookAtUses(), USED_LOOK_MS).unref();
    const kept = this.#load();
    this.#position = kept ?? this.#endOfLog();
    this.#reader = new LogReader(dirname(places.events), this.#position);
    const hasLost = kept === null && this.#domains.size > 0;
    if (hasLost) this.#begunAnew("the agent's place in it is unknown", this.#position?.seq ?? 0);
  }

  /** null for a log that cannot be read: then old warnings count, rather than none. */
  #endOfLog(): Position | null {
    let end: Position | null = null;
    this.#complaints.try(UNREADABLE, () => {
      end = endOf(dirname(this.#places.events));
    });
    return end;
  }

  /**
   * Begins with domains that are at warning now, ends with those that are not, and compares
   * policies and runs. Call it after each change of levels, policies and runs.
   */
  look(): void {
    const before = this.#domains.size;
    const { runs, hidden } = runsByDomain(this.#places.system.runs);
    const { boot } = levelClock();
    for (const entry of this.#table.entries) {
      const now = { boot, keys: runs.get(entry.name) ?? [] };
      if (this.#table.levelInForce(entry) === "warning") this.#follow(entry, now);
      else this.#end(entry.name);
    }
    // An instance that does not run has no entry, and is at its level still.
    for (const name of this.#domains.keys())
      if (this.#table.get(name) === null && libraryFile(this.#places, name) === null)
        this.#end(name);
    for (const name of hidden) this.#domains.get(name)?.hidden();
    // A new agent must not take a domain for one that has just begun.
    if (this.#domains.size > before) this.#save();
    else this.#saveSoon();
  }

  /** An administrator ordered level warning for these: what was seen before no longer counts. */
  begin(entries: readonly DomainEntry[]): void {
    const { runs } = runsByDomain(this.#places.system.runs);
    const { boot } = levelClock();
    for (const entry of entries) {
      if (this.#table.levelInForce(entry) !== "warning") continue;
      this.#begin(entry, { boot, keys: runs.get(entry.name) ?? [] });
    }
    this.look();
    this.#save();
  }

  /** Reads the log, a part at a time. False while there is more. */
  step(): boolean {
    const before = this.#position?.seq ?? null;
    const { records, position: reached, caughtUp } = this.#reader.next(EVIDENCE_RECORDS_MAX);
    let last = before;
    for (const record of records) {
      this.#read(record, last);
      last = record.seq;
    }
    this.#position = reached;
    this.#isBehind = !caughtUp;
    if (records.length > 0) this.#saveSoon();
    return caughtUp;
  }

  /** What is in the log now counts. */
  catchUp(): void {
    this.#isBehind = true;
    this.#complaints.try(UNREADABLE, () => {
      for (let turns = 0; turns < EVIDENCE_TURNS_MAX && !this.step(); turns++);
    });
  }

  shown({ name, digest }: DomainEntry): ShownEvidence {
    this.catchUp();
    this.look();
    this.#lookAtUses();
    const evidence = this.#domains.get(name)?.seen ?? null;
    return { name, digest, evidence, behind: this.#isBehind };
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    clearInterval(this.#looking);
    this.#lookAtUses();
    this.#save();
    this.#reader.close();
  }

  #follow(entry: DomainEntry, runs: RunsNow): void {
    const domain = this.#domains.get(entry.name);
    if (domain === undefined) {
      this.#begin(entry, runs);
      return;
    }
    const [digest, text] = [entry.digest, entry.policy?.text ?? null];
    const before = domain.policy;
    if (digest !== null && digest !== before.digest) {
      const narrowed = isNarrowed(this.#places, entry.name, before.text, text);
      this.#lookAtUses();
      domain.policyChanged({ digest, text }, narrowed);
      if (narrowed) this.#resetUses(entry);
    }
    domain.runsNow(runs);
  }

  #begin(entry: DomainEntry, runs: RunsNow): void {
    const { name, digest, policy } = entry;
    const now = { digest, text: policy?.text ?? null };
    // What is in the log by now is about the time before, also if it was not read yet.
    const seq = (this.#endOfLog() ?? this.#position)?.seq ?? 0;
    this.#domains.set(name, WatchedDomain.begin(now, runs, seq));
    this.#resetUses(entry);
  }

  /** Mediators mark without telling. */
  #lookAtUses(): void {
    this.#complaints.try(UNMARKED, () => {
      const marked = this.#marked.read();
      for (const [name, domain] of this.#domains) {
        const ids = marked.get(this.#table.get(name)?.number ?? -1);
        if (ids !== undefined) domain.addUsed(ids);
        if (domain.isDirty) this.#saveSoon();
      }
      this.#marked.prune();
    });
  }

  #resetUses({ number }: DomainEntry): void {
    this.#complaints.try(UNMARKED, () => this.#marked.reset(number));
  }

  #end(name: string): void {
    if (!this.#domains.delete(name)) return;
    this.#complaints.try(`what was seen of ${name} cannot be deleted`, () =>
      rmSync(join(this.#folder, name), { force: true }),
    );
  }

  /** `before`: the number of the record that was read before it. */
  #read(record: PlacedRecord, before: number | null): void {
    const { event, seq } = record;
    if (before !== null && seq <= before) this.#begunAnew("", 0);
    else this.#findGap(seq, before ?? 0, event.time);
    const note = event.chain;
    const trouble = troubleIn(event);
    for (const [name, domain] of this.#domains) {
      if (seq <= domain.seq) continue;
      if (note?.kind === "resumed") domain.gap("log", event.object, 1, event.time);
      if (trouble !== null && (trouble.ofAll || event.domain === name))
        domain.gap(trouble.kind, trouble.what, event.count, event.time);
      if (event.verdict === "warning" && event.domain === name) domain.warned(record);
    }
  }

  #findGap(seq: number, before: number, time: string): void {
    if (seq === before + 1) return;
    for (const domain of this.#domains.values()) {
      const missing = seq - Math.max(before, domain.seq) - 1;
      if (missing > 0) domain.gap("removed", "", missing, time);
    }
  }

  #begunAnew(what: string, seq: number): void {
    for (const domain of this.#domains.values()) {
      domain.gap("log", what, 1, new Date().toISOString());
      domain.restart(seq);
    }
  }

  /** The position of the last agent; null if none is known. */
  #load(): Position | null {
    const isName = (text: string) => parseDomainName(text) !== null;
    for (const name of domainsWithState(this.#folder, isName)) {
      const read = this.#readFile(name, evidenceFile);
      if (read !== null) this.#domains.set(name, new WatchedDomain(read));
    }
    return this.#readFile(POSITION_NAME, position);
  }

  #readFile<T>(name: string, schema: is.Schema<T>): T | null {
    const path = join(this.#folder, name);
    try {
      return readState(path, (text) => readJson(schema, text), "its content begins anew");
    } catch (error) {
      if (!(error instanceof StateError)) throw error;
      this.#complaints.say(path, `${error.message}; ${error.help}`);
      return null;
    }
  }

  #saveSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#save();
    }, EVIDENCE_SAVE_MS);
  }

  /** The position last: a record that is read again is known by its number. */
  #save(): void {
    if (this.#domains.size === 0) return;
    const seq = this.#position?.seq ?? 0;
    this.#complaints.try(`what was seen of domains cannot be written to ${this.#folder}`, () => {
      mkdirSync(this.#folder, { recursive: true, mode: PRIVATE_FOLDER });
      for (const [name, domain] of this.#domains) {
        if (!domain.isDirty) continue;
        this.#write(name, domain.file(seq));
        domain.isDirty = false;
      }
      if (this.#position !== null) this.#write(POSITION_NAME, this.#position);
    });
  }

  #write(name: string, value: unknown): void {
    replaceFile(join(this.#folder, name), Buffer.from(`${JSON.stringify(value)}\n`), PRIVATE_FILE);
  }
}

interface RunsByDomain {
  /** Runs that follow the domain's level, each as `PID START`. */
  readonly runs: ReadonlyMap<string, readonly string[]>;
  /** Domains with other runs, which keep the level of their start: nothing tells what they do. */
  readonly hidden: ReadonlySet<string>;
}

function runsByDomain(folder: string): RunsByDomain {
  const runs = new Map<string, string[]>();
  const hidden = new Set<string>();
  for (const run of listRuns(folder)) {
    if (!follows(run)) {
      if (run.daemonState === "alive") hidden.add(run.domain);
      continue;
    }
    runs.set(run.domain, [...(runs.get(run.domain) ?? []), `${run.pid} ${run.start}`]);
  }
  return { runs, hidden };
}

interface Trouble {
  readonly kind: Gap["kind"];
  readonly what: string;
  /** It may concern any domain. */
  readonly ofAll: boolean;
}

/** What a record says of events that are not in the log; null for every other record. */
function troubleIn({
  class: kind,
  source,
  domain,
  operation,
  object,
}: LoggedEvent): Trouble | null {
  if (kind !== "lifecycle") return null;
  const ofAll = domain === theHost.domain;
  if (operation === "lost") return { kind: "lost", what: "", ofAll };
  if (operation === "folded") return { kind: "folded", what: "", ofAll };
  if (operation === "unavailable" && object.startsWith(CAPABILITIES_UNSEEN))
    return { kind: "unseen", what: object.slice(CAPABILITIES_UNSEEN.length), ofAll };
  return source === "broker" ? { kind: "failed", what: operation, ofAll } : null;
}
