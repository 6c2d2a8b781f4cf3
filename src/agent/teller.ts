import type { Event } from "../events/event.ts";
import { LOG_RETRY_MS } from "../events/limits.ts";
import { type EventLog, openEventLog } from "../events/log/event-log.ts";

/** Writes the agent's own events, and retries while the log cannot be written. */
export class Teller {
  readonly #log: EventLog;
  #retry: NodeJS.Timeout | null = null;

  constructor(folder: string) {
    this.#log = openEventLog(folder);
  }

  tell(event: Event): void {
    this.#log.append(event);
    this.#tryLater();
  }

  get lost(): number {
    return this.#log.lost;
  }

  /** Why nothing can be written at present, or null. */
  get problem(): string | null {
    return this.#log.problem;
  }

  close(): void {
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#log.close();
  }

  #tryLater(): void {
    if (this.#log.problem === null) return;
    this.#retry ??= setTimeout(() => {
      this.#retry = null;
      this.#log.flush();
      this.#tryLater();
    }, LOG_RETRY_MS);
  }
}
