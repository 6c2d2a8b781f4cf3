import type { Event } from "./event.ts";
import { EVENTS_NAMED_MAX, FOLDED_EVENTS_MAX } from "./limits.ts";

interface Folded {
  /** The latest event of its kind. */
  event: Event;
  /** Occurrences since the kind was last passed on, and the time of the first of them. */
  count: number;
  first: string;
}

export interface FoldLimits {
  /** Limit on distinct events that are remembered. */
  readonly remembered?: number;
  /** Limit on lines between two flushes, and again in a flush; lifecycle events do not count. */
  readonly named?: number;
}

export type Lifecycle = (operation: string, object: string, count: number) => Event;

/**
 * Keeps a flood readable. The first event of a kind is passed on at once; repeats are counted and
 * passed on by {@link flush}. Two events are of one kind if they differ only in time and process,
 * with the same program ({@link kindOf}). Nothing is lost silently: a kind that is dropped for room
 * is reported first, and events of more than `named` different kinds between two flushes are
 * counted together in one lifecycle event.
 */
export class Fold {
  readonly #sink: (event: Event) => void;
  readonly #lifecycle: Lifecycle;
  readonly #remembered: number;
  readonly #named: number;
  /** In order of last use, oldest first. */
  readonly #kinds = new Map<string, Folded>();
  #lines = 0;
  #unnamed = 0;

  constructor(sink: (event: Event) => void, lifecycle: Lifecycle, limits: FoldLimits = {}) {
    this.#sink = sink;
    this.#lifecycle = lifecycle;
    this.#remembered = limits.remembered ?? FOLDED_EVENTS_MAX;
    this.#named = limits.named ?? EVENTS_NAMED_MAX;
  }

  /**
   * Audit events and lifecycle events are never folded: the latter are few, and no two are alike.
   */
  add(event: Event): void {
    if (event.verdict === "audit" || event.class === "lifecycle") {
      this.#sink(event);
      return;
    }
    const kind = kindOf(event);
    const known = this.#kinds.get(kind);
    if (known === undefined) this.#first(kind, event);
    else {
      if (known.count === 0) known.first = event.first ?? event.time;
      known.count += event.count;
      known.event = event;
      this.#kinds.delete(kind);
      this.#kinds.set(kind, known);
    }
  }

  /** Counts events that get no line of their own, without having made them. */
  addUnnamed(count: number): void {
    this.#unnamed += count;
  }

  /**
   * Reports repeated kinds, at most `max`; the longest idle ones first, because the others keep
   * being counted. Call it at intervals, and at the end without a maximum.
   */
  flush(max = this.#named): void {
    this.#lines = 0;
    for (const folded of this.#kinds.values()) {
      if (this.#lines >= max) break;
      this.#report(folded);
    }
    this.#lines = 0;
    if (this.#unnamed === 0) return;
    const object = `${this.#unnamed} events beyond the first ${this.#named} different ones`;
    this.#sink(this.#lifecycle("folded", object, this.#unnamed));
    this.#unnamed = 0;
  }

  #first(kind: string, event: Event): void {
    if (this.#lines >= this.#named) {
      this.addUnnamed(event.count);
      return;
    }
    this.#makeRoom();
    this.#kinds.set(kind, { event, count: 0, first: event.time });
    this.#pass(event);
  }

  #makeRoom(): void {
    if (this.#kinds.size < this.#remembered) return;
    const oldest = this.#kinds.entries().next().value;
    if (oldest === undefined) return;
    this.#report(oldest[1]);
    this.#kinds.delete(oldest[0]);
  }

  #report(folded: Folded): void {
    const { event, count, first } = folded;
    if (count === 0) return;
    folded.count = 0;
    const { first: _, ...last } = event;
    this.#pass({ ...last, count, ...(first === event.time ? {} : { first }) });
  }

  #pass(event: Event): void {
    this.#lines += 1;
    this.#sink(event);
  }
}

/**
 * What events of one kind have in common. If a process had ended before it was looked up, the
 * kernel's short name stands for its program.
 */
export function kindOf(event: Event): string {
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
    process.executable ?? { comm: process.comm },
  ]);
}
