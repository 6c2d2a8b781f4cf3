import type { Event } from "../events/event.ts";

/** In so long, milliseconds, ... */
const WINDOW_MS = 60_000;
/** ... so many refusals of one user have a record each; the others are counted in one more. */
const RECORDS_MAX = 200;

interface Window {
  records: number;
  /** The latest without a record of its own, with how many there are and when the first was. */
  last: Event | null;
  count: number;
  first: string;
  timer: NodeJS.Timeout | null;
}

/**
 * Records of refusals. The log keeps a limited number of bytes: a user who could fill it with
 * refusals would push earlier records out of it. No refusal is lost: those without a record of
 * their own are counted in the one that ends their minute.
 */
export class RefusalPace {
  readonly #tell: (event: Event) => void;
  readonly #failed: (error: unknown) => void;
  readonly #windows = new Map<number, Window>();

  /**
   * `failed`: what could not be told when a minute was over; an error that leaves a timer ends the
   * process.
   */
  constructor(tell: (event: Event) => void, failed: (error: unknown) => void) {
    this.#tell = tell;
    this.#failed = failed;
  }

  add(user: number, event: Event): void {
    const window = this.#windows.get(user) ?? this.#begin(user);
    if (window.records < RECORDS_MAX) {
      window.records += 1;
      this.#tell(event);
      return;
    }
    if (window.count === 0) window.first = event.time;
    window.count += 1;
    window.last = event;
  }

  /** Tells what has no record yet. */
  close(): void {
    for (const user of [...this.#windows.keys()]) this.#end(user);
  }

  #begin(user: number): Window {
    const window: Window = { records: 0, last: null, count: 0, first: "", timer: null };
    window.timer = setTimeout(() => this.#endSafely(user), WINDOW_MS);
    this.#windows.set(user, window);
    return window;
  }

  #endSafely(user: number): void {
    try {
      this.#end(user);
    } catch (error) {
      this.#failed(error);
    }
  }

  #end(user: number): void {
    const { last = null, count = 0, first = "", timer = null } = this.#windows.get(user) ?? {};
    this.#windows.delete(user);
    if (timer !== null) clearTimeout(timer);
    if (last !== null) this.#tell({ ...last, count, ...(count > 1 ? { first } : {}) });
  }
}
