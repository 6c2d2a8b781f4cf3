import { TICK_MS } from "../limits.ts";

/** Something that is due at times. */
export interface Timed {
  /** On the clock of performance.now(); infinite for never. */
  readonly due: number;
  overdue(): void;
}

/**
 * Looks every {@link TICK_MS} at those for whom anything is due at all, and lets the process sleep
 * while that is nobody.
 */
export class Timers {
  readonly #timed = new Set<Timed>();
  #next = 0;

  add(timed: Timed): void {
    if (timed.due !== Number.POSITIVE_INFINITY) this.#timed.add(timed);
  }

  remove(timed: Timed): void {
    this.#timed.delete(timed);
  }

  /** Milliseconds that may be slept; -1 for ever. */
  get timeout(): number {
    return this.#timed.size === 0 ? -1 : TICK_MS;
  }

  run(): void {
    if (this.#timed.size === 0) return;
    const now = performance.now();
    if (now < this.#next) return;
    this.#next = now + TICK_MS;
    for (const timed of this.#timed) {
      if (timed.due <= now) timed.overdue();
      if (timed.due === Number.POSITIVE_INFINITY) this.#timed.delete(timed);
    }
  }
}
