import { kindOf } from "../../events/fold.ts";
import type { LoggedEvent, LogRecord } from "../../events/log/record.ts";

/** Distinct accesses in one listing; those that were last seen longest ago are left out. */
const KINDS_SHOWN_MAX = 10_000;

/** One distinct access in the whole log. */
export interface Seen {
  readonly event: LoggedEvent;
  readonly seq: number;
  readonly count: number;
  /** When the first of `count` was, as in an event. */
  readonly first: string;
}

/** Folds records of the log by kind, in the order of their latest occurrence, in bounded memory. */
export class Kinds {
  readonly #max: number;
  readonly #seen = new Map<string, Seen>();
  #forgotten = 0;

  constructor(max = KINDS_SHOWN_MAX) {
    this.#max = max;
  }

  add({ event, seq }: LogRecord): void {
    const isAlone = event.verdict === "audit" || event.class === "lifecycle";
    const kind = isAlone ? String(seq) : kindOf(event);
    const before = this.#seen.get(kind);
    const first = before?.first ?? event.first ?? event.time;
    this.#seen.delete(kind);
    this.#seen.set(kind, { event, seq, count: (before?.count ?? 0) + event.count, first });
    if (this.#seen.size > this.#max) this.#forgetOldest();
  }

  /** The latest comes last. */
  get seen(): readonly Seen[] {
    return [...this.#seen.values()];
  }

  /** How many accesses were left out. */
  get forgotten(): number {
    return this.#forgotten;
  }

  #forgetOldest(): void {
    const oldest = this.#seen.keys().next().value;
    if (oldest !== undefined) this.#seen.delete(oldest);
    this.#forgotten += 1;
  }
}
