import type { Event } from "../../events/event.ts";
import type { EventLog, Owned, Owner } from "../../events/log/event-log.ts";
import { LOG_AGAIN_MS, LOGGED_IN_STEP_MAX } from "../limits.ts";
import { type InHand, NO_DOMAIN, unwatched } from "../loop/in-hand.ts";
import type { Timed, Timers } from "../loop/timers.ts";

/**
 * Events of all domains of a shared mediator. They are written in steps of the loop for no domain:
 * a slow disk, or another writer with the log's lock, must not be blamed on a domain. A step writes
 * few of them: a stand-by that saw a long step would retire the mediator, and tell as lost what it
 * writes.
 */
export class LogQueue implements Timed {
  /** Each list may be empty: its log has events of its own to write. */
  readonly #queued = new Map<EventLog, Owned[]>();
  readonly #failed = new Set<EventLog>();
  #timers: Timers | null = null;
  #inHand: InHand = unwatched;
  due = Number.POSITIVE_INFINITY;

  servedBy({ timers, inHand }: { timers: Timers; inHand: InHand }): void {
    this.#timers = timers;
    this.#inHand = inHand;
  }

  add(log: EventLog, event: Event, owner: Owner | null): void {
    this.#of(log).push({ event, owner });
    this.#wakeIn(0);
  }

  /** Tries a log again later, if it could not be written. */
  tryAgain(log: EventLog): void {
    if (log.problem === null) return;
    this.#failed.add(log);
    this.#wakeIn(LOG_AGAIN_MS);
  }

  #of(log: EventLog): Owned[] {
    const queued = this.#queued.get(log) ?? [];
    this.#queued.set(log, queued);
    return queued;
  }

  #wakeIn(milliseconds: number): void {
    this.due = Math.min(this.due, performance.now() + milliseconds);
    this.#timers?.add(this);
  }

  /** Writes everything, in as many steps as that takes. */
  overdue(): void {
    this.#write((step) => this.#inHand.run(NO_DOMAIN, step));
  }

  /** Writes everything in the caller's step. */
  writeNow(): void {
    this.#write((step) => step());
  }

  #write(run: (step: () => void) => void): void {
    this.due = Number.POSITIVE_INFINITY;
    for (const log of this.#failed) this.#of(log);
    this.#failed.clear();
    while (this.#queued.size > 0) run(() => this.#writeSome());
  }

  #writeSome(): void {
    const [next] = this.#queued;
    if (next === undefined) return;
    const [log, queued] = next;
    log.appendOwned(queued.splice(0, LOGGED_IN_STEP_MAX));
    if (queued.length > 0 || log.isBehind) return;
    this.#queued.delete(log);
    this.tryAgain(log);
  }

  /** Takes back what an owner added and the log does not have yet. */
  takeBack(log: EventLog, owner: Owner): void {
    log.takeBack(owner);
    const others = (this.#queued.get(log) ?? []).filter((one) => one.owner !== owner);
    if (others.length > 0) this.#queued.set(log, others);
    else this.#queued.delete(log);
  }
}
