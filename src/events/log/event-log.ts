/**
 * The event log: JSON lines in a folder, `events.jsonl` the newest file, each record chained to the
 * one before it. Any number of processes write it, one at a time, under flock(2) on `events.head`.
 * Reading needs no lock: `read.ts`, `follow.ts`, `verify.ts`.
 */

import { printableJson } from "../../base/printable.ts";
import type { Event } from "../event.ts";
import {
  LOG_FILE_BYTES_MAX,
  LOG_LOCK_RETRY_WAIT_MS,
  LOG_LOCK_WAIT_MS,
  LOG_OLD_FILES_MAX,
  LOG_RETRY_MS,
  LOG_WAITING_MAX,
  RECORD_BYTES_MAX,
} from "../limits.ts";
import { ownEvent } from "./own-event.ts";
import type { LoggedEvent } from "./record.ts";
import { type FileLimits, Writer } from "./writer.ts";

export interface LogLimits extends FileLimits {
  /** Records that wait while the log cannot be written. */
  readonly waiting: number;
  /** Milliseconds until the next try. */
  readonly retryMs: number;
  /** Milliseconds that another writer may hold the lock. */
  readonly lockWaitMs: number;
  /** Events that {@link EventLog.flush} writes, so that a caller can bound its work. */
  readonly atOnce: number;
}

/** What `seq`, `prev` and `hash` take in a line. */
const CHAIN_BYTES_MAX = 256;

const limitsDefault: LogLimits = {
  fileBytes: LOG_FILE_BYTES_MAX,
  oldFiles: LOG_OLD_FILES_MAX,
  waiting: LOG_WAITING_MAX,
  retryMs: LOG_RETRY_MS,
  lockWaitMs: LOG_LOCK_WAIT_MS,
  atOnce: Number.POSITIVE_INFINITY,
};

/** `folder`: absolute. Nothing is opened or made before the first event. */
export function openEventLog(folder: string, limits: Partial<LogLimits> = {}): EventLog {
  return new EventLog(folder, { ...limitsDefault, ...limits });
}

/**
 * One writer of the log. Nothing here throws or waits for long: a process that decides about a
 * daemon's calls must continue when the disk is full.
 */
export class EventLog {
  readonly #writer: Writer;
  readonly #limits: LogLimits;
  #waiting: LoggedEvent[] = [];
  #lost = 0;
  #problem: string | null = null;
  #retryAt = 0;

  constructor(folder: string, limits: LogLimits) {
    this.#limits = limits;
    this.#writer = new Writer(folder, limits);
  }

  /** Why nothing can be written at present, or null. */
  get problem(): string | null {
    return this.#problem;
  }

  /** Events that are neither written nor waiting, and that the log does not report as lost yet. */
  get lost(): number {
    return this.#lost;
  }

  /** Whether {@link flush} left something that it could write. */
  get isBehind(): boolean {
    return this.#problem === null && this.#isUnwritten;
  }

  get #isUnwritten(): boolean {
    return this.#waiting.length > 0 || this.#lost > 0;
  }

  append(event: Event): void {
    this.appendAll([event]);
  }

  /** Several at once cost a fraction of as many single ones. */
  appendAll(events: readonly Event[]): void {
    for (const event of events) this.#enqueue(event);
    this.flush();
  }

  /**
   * Writes waiting events, at most {@link LogLimits.atOnce}, unless the last try was a moment ago.
   * Call it at intervals, because events may stop coming.
   */
  flush(): void {
    if (!this.#isUnwritten) return;
    const { lockWaitMs } = this.#limits;
    if (this.#problem === null) this.#writeSome(lockWaitMs);
    else if (performance.now() >= this.#retryAt)
      this.#writeSome(Math.min(lockWaitMs, LOG_LOCK_RETRY_WAIT_MS));
  }

  /** Tries at once, whenever the last try was, and waits longer for another writer. */
  settle(): void {
    this.#writeAll(LOG_LOCK_RETRY_WAIT_MS);
  }

  /** Tries for the last time; returns the number of lost events. */
  close(): number {
    this.#writeAll(this.#problem === null ? LOG_LOCK_WAIT_MS : LOG_LOCK_RETRY_WAIT_MS);
    this.#writer.close();
    return this.#lost + this.#waiting.length;
  }

  #enqueue(event: Event): void {
    // Without failures no event waits longer than its own call, however many there are.
    const isFull = this.#problem !== null && this.#waiting.length >= this.#limits.waiting;
    if (isFull || !fits(event)) this.#lost += event.count;
    else this.#waiting.push(event);
  }

  #writeAll(lockWaitMs: number): void {
    if (this.#isUnwritten) this.#writeSome(lockWaitMs);
    while (this.isBehind) this.#writeSome(lockWaitMs);
  }

  #writeSome(lockWaitMs: number): void {
    const some = this.#waiting.slice(0, this.#limits.atOnce);
    const lost = some.length < this.#waiting.length ? 0 : this.#lost;
    const events =
      lost === 0
        ? some
        : [...some, ownEvent("lost", `${lost} events that could not be written`, lost)];
    try {
      this.#writer.write(events, lockWaitMs);
      this.#waiting = this.#waiting.slice(some.length);
      this.#lost -= lost;
      this.#problem = null;
    } catch (error) {
      // No error may end the caller: the event is kept, counted, and tried again.
      if (this.#writer.written > some.length) this.#lost -= lost;
      this.#waiting = this.#waiting.slice(this.#writer.written);
      this.#problem = error instanceof Error ? error.message : String(error);
      this.#retryAt = performance.now() + this.#limits.retryMs;
      this.#overflow();
    }
  }

  #overflow(): void {
    for (const event of this.#waiting.splice(this.#limits.waiting)) this.#lost += event.count;
  }
}

/** A line too long to be read back is no record. */
function fits(event: Event): boolean {
  // Only names can be long: each character takes at most six bytes in JSON, and a request repeats
  // the names of its object.
  const names =
    2 * event.object.length + (event.rule?.length ?? 0) + (event.allow?.line.length ?? 0);
  const isShort =
    names * 6 < RECORD_BYTES_MAX / 4 &&
    (event.process.executable?.length ?? 0) * 6 < RECORD_BYTES_MAX / 2;
  return (
    isShort ||
    Buffer.byteLength(printableJson(JSON.stringify(event))) < RECORD_BYTES_MAX - CHAIN_BYTES_MAX
  );
}
