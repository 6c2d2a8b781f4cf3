import { SLOW_CALL_MS_MAX, TICK_MS } from "../limits.ts";
import { notification } from "./notification.ts";
import type { Slot } from "./slot.ts";

/**
 * Calls that a worker of the previous mediator has. The worker answers them without telling this
 * loop, so their slots are polled.
 */
export class InheritedCalls {
  readonly #listener: number;
  readonly #slots = new Set<Slot>();
  #due = Number.POSITIVE_INFINITY;
  #until = 0;

  constructor(listener: number) {
    this.#listener = listener;
  }

  add(slot: Slot): void {
    this.#slots.add(slot);
    const now = performance.now();
    this.#until = now + SLOW_CALL_MS_MAX;
    this.#due = now + TICK_MS;
  }

  /** On the clock of performance.now(); infinite without such calls. */
  get due(): number {
    return this.#due;
  }

  answered(): Slot[] {
    const over = [...this.#slots].filter(
      (slot) => !notification(this.#listener, slot).stillWaiting(),
    );
    for (const slot of over) this.#slots.delete(slot);
    this.#due = this.#slots.size === 0 ? Number.POSITIVE_INFINITY : performance.now() + TICK_MS;
    return over;
  }

  late(): Slot[] {
    if (performance.now() < this.#until) return [];
    const late = [...this.#slots];
    this.#slots.clear();
    this.#due = Number.POSITIVE_INFINITY;
    return late;
  }
}
