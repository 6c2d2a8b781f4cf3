import type { Epoll } from "../../kernel/epoll.ts";
import { TICK_MS } from "../limits.ts";
import { POLLIN } from "../sys/abi.ts";
import { makeTimer, ring } from "../sys/timer.ts";

/** The shortest time: a timer set to 0 never rings. */
const AT_ONCE_MS = 1;

export interface Timed {
  /** On the clock of performance.now(); infinite for never. */
  readonly due: number;
  overdue(): void;
}

/**
 * Runs the work that is due, at most every {@link TICK_MS} and at once after a pause. The process
 * sleeps while nothing is due. A timer in the epoll rings, because an epoll timeout would have to
 * be set and cancelled for every call.
 */
export class Timers {
  readonly #timed = new Set<Timed>();
  readonly #timer = makeTimer();
  #isSet = false;
  /** The earliest time at which it may ring again, on the clock of performance.now(). */
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

  #ringIn(milliseconds: number): void {
    this.#isSet = milliseconds > 0;
    ring(this.#timer, milliseconds);
  }
}
