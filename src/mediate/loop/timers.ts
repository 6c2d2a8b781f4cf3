import type { Epoll } from "../../kernel/epoll.ts";
import { TICK_MS } from "../limits.ts";
import { POLLIN } from "../sys/abi.ts";
import { makeTimer, ring } from "../sys/timer.ts";

/** A timer that rings in no time at all is one that never does. */
const AT_ONCE_MS = 1;

/** Something that is due at times. */
export interface Timed {
  /** On the clock of performance.now(); infinite for never. */
  readonly due: number;
  overdue(): void;
}

/**
 * Looks every {@link TICK_MS} at what is due, the first time at once; while nothing is due the
 * process sleeps. A timer in the epoll rings: a timeout would be set and taken back for every call.
 */
export class Timers {
  readonly #timed = new Set<Timed>();
  readonly #timer = makeTimer();
  /** It will ring. */
  #isSet = false;
  /** When it may ring next, on the clock of performance.now(). */
  #next = 0;

  constructor(epoll: Epoll) {
    const watched = epoll.add(this.#timer, POLLIN, { ready: () => this.#run() });
    if (this.#timer < 0 || watched < 0)
      throw new Error(`no timer: error ${-Math.min(this.#timer, watched)}`);
  }

  add(timed: Timed): void {
    if (timed.due === Number.POSITIVE_INFINITY) return;
    this.#timed.add(timed);
    if (!this.#isSet) this.#ringIn(Math.max(AT_ONCE_MS, Math.ceil(this.#next - performance.now())));
  }

  remove(timed: Timed): void {
    this.#timed.delete(timed);
  }

  #run(): void {
    const now = performance.now();
    this.#next = now + TICK_MS;
    for (const timed of this.#timed) {
      if (timed.due <= now) timed.overdue();
      if (timed.due === Number.POSITIVE_INFINITY) this.#timed.delete(timed);
    }
    this.#ringIn(this.#timed.size > 0 ? TICK_MS : 0);
  }

  /** Milliseconds; 0 for never. */
  #ringIn(milliseconds: number): void {
    this.#isSet = milliseconds > 0;
    ring(this.#timer, milliseconds);
  }
}
