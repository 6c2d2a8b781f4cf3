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

/**
 * Who counts an event until the log has it. The count may lie where it survives its process, which
 * may be killed while the log waits for a lock or for room.
 */
export interface Owner {
  /** Called once that many events of its own are in the log, by name or in a count of lost ones. */
  passedOn(count: number): void;
}

export interface Owned {
  readonly event: Event;
  readonly owner: Owner | null;
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
  #waiting: Owned[] = [];
  /** By owner. */
  readonly #lost = new Map<Owner | null, number>();
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
    let all = 0;
    for (const count of this.#lost.values()) all += count;
    return all;
  }

  /** Whether {@link flush} left something that it could write. */
  get isBehind(): boolean {
    return this.#problem === null && this.#isUnwritten;
  }

  get #isUnwritten(): boolean {
    return this.#waiting.length > 0 || this.#lost.size > 0;
  }

  append(event: Event, owner: Owner | null = null): void {
    this.appendOwned([{ event, owner }]);
  }

  /** Several at once cost a fraction of as many single ones. */
  appendAll(events: readonly Event[]): void {
    this.appendOwned(events.map((event) => ({ event, owner: null })));
  }

  appendOwned(events: readonly Owned[]): void {
    for (const one of events) this.#enqueue(one);
    this.flush();
  }

  /** Takes back what `owner` appended and the log does not have yet. */
  takeBack(owner: Owner): void {
    this.#waiting = this.#waiting.filter((one) => one.owner !== owner);
    this.#lost.delete(owner);
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
    return this.lost + this.#waiting.length;
  }

  #enqueue(one: Owned): void {
    // Without failures no event waits longer than its own call, however many there are.
    const isFull = this.#problem !== null && this.#waiting.length >= this.#limits.waiting;
    if (isFull || !fits(one.event)) this.#lose(one);
    else this.#waiting.push(one);
  }

  #lose({ event, owner }: Owned): void {
    this.#lost.set(owner, (this.#lost.get(owner) ?? 0) + event.count);
  }

  #writeAll(lockWaitMs: number): void {
    if (this.#isUnwritten) this.#writeSome(lockWaitMs);
    while (this.isBehind) this.#writeSome(lockWaitMs);
  }

  #writeSome(lockWaitMs: number): void {
    const some = this.#waiting.slice(0, this.#limits.atOnce);
    const events: LoggedEvent[] = some.map(({ event }) => event);
    const lost = some.length < this.#waiting.length ? 0 : this.lost;
    if (lost > 0) events.push(ownEvent("lost", `${lost} events that could not be written`, lost));
    try {
      this.#writer.write(events, lockWaitMs);
      this.#problem = null;
    } catch (error) {
      // No error may end the caller: the event is kept, counted, and tried again.
      this.#problem = error instanceof Error ? error.message : String(error);
      this.#retryAt = performance.now() + this.#limits.retryMs;
    }
    this.#has(this.#writer.written);
    if (this.#problem === null) return;
    for (const one of this.#waiting.splice(this.#limits.waiting)) this.#lose(one);
  }

  /** The first of what waits are in the log; if they are more, the count of the lost is, too. */
  #has(written: number): void {
    const named = this.#waiting.splice(0, written);
    for (const { event, owner } of named) owner?.passedOn(event.count);
    if (written === named.length) return;
    for (const [owner, count] of this.#lost) owner?.passedOn(count);
    this.#lost.clear();
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
