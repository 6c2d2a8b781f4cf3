import type { Epoll } from "../kernel/epoll.ts";
import { Attendant, type News } from "./attendant.ts";
import { ATTENDANT_AGAIN_MS, SPARE_ATTENDANTS, STOCK_AFTER_MS } from "./limits.ts";

export interface SpareEvents {
  /** A client has connected. The attendant now belongs to the caller and waits for its orders. */
  came(attendant: Attendant, news: Extract<News, { kind: "came" }>): void;
  failed(what: string, error: unknown): void;
}

/**
 * Attendants that wait for a connection. They hold the sockets as well, and one of them still has
 * these open when the server ends: that one then closes what was sent over a connection that was
 * not accepted.
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

  /** No further connection is accepted. */
  close(): void {
    this.#isClosed = true;
    if (this.#again !== null) clearTimeout(this.#again);
    for (const attendant of this.#waiting) attendant.dismiss();
  }

  /** Brings them up to their number. */
  #stock(): void {
    try {
      while (!this.#isClosed && this.#waiting.size < SPARE_ATTENDANTS)
        this.#waiting.add(this.#start());
    } catch (error) {
      this.#events.failed("nobody can be attended", error);
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
          this.#events.failed("somebody who came is let go", error);
          attendant.dismiss();
        }
      },
      heard: (news) => {
        if (news.kind !== "came") return;
        this.#waiting.delete(attendant);
        this.#events.came(attendant, news);
        // A client is already waiting for this process.
        if (this.#waiting.size === 0) this.#stock();
        else this.#stockIn(STOCK_AFTER_MS);
      },
      gone: () => {
        if (!this.#waiting.delete(attendant) || this.#isClosed) return;
        this.#events.failed("nobody can be attended", "an attendant has ended before anybody came");
        this.#stockIn(ATTENDANT_AGAIN_MS);
      },
    });
    return attendant;
  }
}
