import type { Epoll } from "../kernel/epoll.ts";
import { Attendant, type News } from "./attendant.ts";
import { ATTENDANT_AGAIN_MS, SPARE_ATTENDANTS, STOCK_AFTER_MS } from "./limits.ts";

export interface SpareEvents {
  /** A client has connected. The attendant now belongs to the receiver and waits for orders. */
  came(attendant: Attendant, news: Extract<News, { kind: "came" }>): void;
  failed(what: string, error: unknown): void;
}

/**
 * Attendants that wait for a connection. Each has the listeners open. When the server exits, the
 * last attendant's exit closes the listeners, and with them the descriptors that clients have sent
 * and that were not accepted: closing those may block.
 */
export class SpareAttendants {
  readonly #program: string;
  readonly #listeners: readonly number[];
  readonly #epoll: Epoll;
  readonly #events: SpareEvents;
  readonly #waiting = new Set<Attendant>();
  #again: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(program: string, listeners: readonly number[], epoll: Epoll, events: SpareEvents) {
    this.#program = program;
    this.#listeners = listeners;
    this.#epoll = epoll;
    this.#events = events;
    this.#stock();
  }

  close(): void {
    this.#isClosed = true;
    if (this.#again !== null) clearTimeout(this.#again);
    for (const attendant of this.#waiting) attendant.dismiss();
  }

  #stock(): void {
    try {
      while (!this.#isClosed && this.#waiting.size < SPARE_ATTENDANTS)
        this.#waiting.add(this.#start());
    } catch (error) {
      this.#events.failed("no client can be served", error);
      this.#stockIn(ATTENDANT_AGAIN_MS);
    }
  }

  #stockIn(milliseconds: number): void {
    if (this.#isClosed) return;
    this.#again ??= setTimeout(() => {
      this.#again = null;
      this.#stock();
    }, milliseconds);
  }

  #start(): Attendant {
    const attendant: Attendant = new Attendant(this.#program, this.#listeners, this.#epoll, {
      guard: (work) => {
        try {
          work();
        } catch (error) {
          this.#events.failed("a client is let go", error);
          attendant.dismiss();
        }
      },
      heard: (news) => {
        if (news.kind !== "came") return;
        this.#waiting.delete(attendant);
        this.#events.came(attendant, news);
        // With no spare left, the next client would wait for this start.
        if (this.#waiting.size === 0) this.#stock();
        else this.#stockIn(STOCK_AFTER_MS);
      },
      gone: () => {
        if (!this.#waiting.delete(attendant) || this.#isClosed) return;
        this.#events.failed(
          "no client can be served",
          "an attendant exited before a client connected",
        );
        this.#stockIn(ATTENDANT_AGAIN_MS);
      },
    });
    return attendant;
  }
}
