import type { Event } from "../../events/event.ts";
import type { EventLog } from "../../events/log/event-log.ts";
import { LOG_AGAIN_MS } from "../limits.ts";
import { type InHand, NO_DOMAIN, unwatched } from "../loop/in-hand.ts";
import type { Timed, Timers } from "../loop/timers.ts";

interface Queued {
  readonly log: EventLog;
  readonly owner: object;
  readonly event: Event;
  readonly written: () => void;
}

/**
 * Events of all domains of a shared mediator. They are written in a step of the loop for no domain:
 * a slow disk, or another writer with the log's lock, must not be blamed on a domain.
 */
export class LogQueue implements Timed {
  #queued: Queued[] = [];
  readonly #failed = new Set<EventLog>();
  #timers: Timers | null = null;
  #inHand: InHand = unwatched;
  due = Number.POSITIVE_INFINITY;

  servedBy({ timers, inHand }: { timers: Timers; inHand: InHand }): void {
    this.#timers = timers;
    this.#inHand = inHand;
  }

  /** `owner`: see {@link drop}. `written` is called once the log has the event. */
  add(log: EventLog, owner: object, event: Event, written: () => void): void {
    this.#queued.push({ log, owner, event, written });
    this.#wakeIn(0);
  }

  /** Tries a log again later, if it could not be written. */
  tryAgain(log: EventLog): void {
    if (log.problem === null) return;
    this.#failed.add(log);
    this.#wakeIn(LOG_AGAIN_MS);
  }

  #wakeIn(milliseconds: number): void {
    this.due = Math.min(this.due, performance.now() + milliseconds);
    this.#timers?.add(this);
  }

  overdue(): void {
    this.#inHand.run(NO_DOMAIN, () => this.write());
  }

  write(): void {
    this.due = Number.POSITIVE_INFINITY;
    const queued = this.#queued.splice(0);
    for (const log of new Set(queued.map((one) => one.log))) {
      const own = queued.filter((one) => one.log === log);
      log.appendAll(own.map(({ event }) => event));
      for (const { written } of own) written();
    }
    const again = [...this.#failed];
    this.#failed.clear();
    for (const log of again) log.flush();
    for (const log of new Set([...queued.map((one) => one.log), ...again])) this.tryAgain(log);
  }

  /** Drops an owner's unwritten events. Another process counts them as lost. */
  drop(owner: object): void {
    this.#queued = this.#queued.filter((one) => one.owner !== owner);
  }
}
