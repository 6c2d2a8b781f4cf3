import type { Event } from "../events/event.ts";

/** Length of a window, milliseconds. */
const WINDOW_MS = 60_000;
/** Refusals of one user within a window that get a record each; one more record counts the rest. */
const RECORDS_MAX = 200;

interface Window {
  records: number;
  /**
   * The latest refusal without a record of its own; `count` says how many there are, `first` when
   * the first was.
   */
  last: Event | null;
  count: number;
  first: string;
  timer: NodeJS.Timeout | null;
}

/**
 * Writes records of refusals, so many at a time. The log keeps a limited number of bytes: a user
 * who could fill it with refusals would push earlier records out. No refusal is lost: the record at
 * the end of the window counts those without one of their own.
 */
export class RefusalPace {
  readonly #tell: (event: Event) => void;
  readonly #failed: (error: unknown) => void;
  readonly #windows = new Map<number, Window>();

  /**
   * `failed` gets the error if a record could not be written at the end of a window. An error that
   * left the timer would end the process.
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

  /** Writes the counts that have no record yet. */
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
