import type { Event } from "./event.ts";
import { FOLDED_EVENTS_MAX } from "./limits.ts";

interface Folded {
  /** The latest of its kind, carrying the count so far. */
  event: Event;
  reported: number;
}

/**
 * Keeps a flood readable: the first event of a kind is passed on at once, repeats are counted and passed on by {@link flush}.
 * Two events are of a kind if only time and process differ. Nothing is lost: an event that is forgotten
 * for room is reported first, and {@link forgotten} counts how often that happened.
 */
export class Fold {
  readonly #sink: (event: Event) => void;
  readonly #max: number;
  /** In order of last use, oldest first. */
  readonly #kinds = new Map<string, Folded>();
  #forgotten = 0;

  /** `max`: distinct events that are remembered at a time. */
  constructor(sink: (event: Event) => void, max = FOLDED_EVENTS_MAX) {
    this.#sink = sink;
    this.#max = max;
  }

  /** Kinds that had to be forgotten for room; a repeat of one counts from 1 again. */
  get forgotten(): number {
    return this.#forgotten;
  }

  add(event: Event): void {
    const kind = kindOf(event);
    const known = this.#kinds.get(kind);
    if (known === undefined) {
      this.#makeRoom();
      this.#kinds.set(kind, { event, reported: event.count });
      this.#sink(event);
      return;
    }
    known.event = { ...event, count: known.event.count + event.count };
    this.#kinds.delete(kind);
    this.#kinds.set(kind, known);
  }

  /** Reports every kind that was repeated since it was last reported. Call it at intervals and at the end. */
  flush(): void {
    for (const folded of this.#kinds.values()) this.#report(folded);
  }

  #makeRoom(): void {
    if (this.#kinds.size < this.#max) return;
    const oldest = this.#kinds.entries().next().value;
    if (oldest === undefined) return;
    this.#report(oldest[1]);
    this.#kinds.delete(oldest[0]);
    this.#forgotten += 1;
  }

  #report(folded: Folded): void {
    if (folded.event.count === folded.reported) return;
    folded.reported = folded.event.count;
    this.#sink(folded.event);
  }
}

function kindOf(event: Event): string {
  const { domain, level, source, verdict, operation, object, rule, reason, process } = event;
  return JSON.stringify([
    domain,
    level,
    source,
    verdict,
    event.class,
    operation,
    object,
    rule,
    reason,
    process.executable,
  ]);
}
