import { FORWARD_RECORDS_MAX } from "../limits.ts";
import { ownEvent } from "../log/own-event.ts";
import { LogReader, type PlacedRecord, type Position } from "../log/reader.ts";
import type { Item } from "./item.ts";
import type { Sink, SinkState } from "./sink.ts";

/**
 * The progress of one sink, as JSON. The caller saves it after every {@link Forwarder.step} and
 * gives it to the next forwarder.
 */
export interface ForwardState {
  readonly position: Position | null;
  readonly sink: SinkState | null;
}

export interface Step {
  readonly state: ForwardState;
  readonly delivered: number;
  readonly caughtUp: boolean;
  /** Why the sink or the log is unavailable now; the next step tries again. */
  readonly problem: string | null;
}

/**
 * Follows the log for one sink. Each sink has its own position, so an unavailable sink delays no
 * other. A forwarder that is killed has at worst delivered more than was saved. The next one
 * removes that from the sink if the sink is a file, and delivers it again.
 */
export class Forwarder {
  readonly #sink: Sink;
  readonly #reader: LogReader;
  #state: ForwardState;
  #waiting: readonly PlacedRecord[] = [];
  #missing = 0;

  /** `state`: what the last forwarder's caller saved; null begins with the oldest record. */
  constructor(folder: string, sink: Sink, state: ForwardState | null) {
    this.#sink = sink;
    this.#state = state ?? { position: null, sink: sink.state() };
    if (this.#state.sink !== null) sink.restore(this.#state.sink);
    this.#reader = new LogReader(folder, this.#state.position);
  }

  /** At most {@link FORWARD_RECORDS_MAX} records. A missing log or sink is no exception. */
  step(): Step {
    let problem: string | null = null;
    let caughtUp = false;
    let delivered = 0;
    try {
      if (this.#waiting.length === 0) caughtUp = this.#read();
      const result = this.#deliver();
      delivered = result.delivered;
      problem = result.why;
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
    return {
      state: this.#state,
      delivered,
      caughtUp: caughtUp && this.#waiting.length === 0,
      problem,
    };
  }

  close(): void {
    this.#reader.close();
    this.#sink.close();
  }

  #read(): boolean {
    const { records, missing, caughtUp } = this.#reader.next(FORWARD_RECORDS_MAX);
    this.#waiting = records;
    this.#missing += missing;
    return caughtUp;
  }

  #deliver(): { readonly delivered: number; readonly why: string | null } {
    if (this.#waiting.length === 0) return { delivered: 0, why: null };
    const notice = this.#missing > 0 ? [missingItem(this.#missing)] : [];
    const items = [
      ...notice,
      ...this.#waiting.map(({ event, seq, hash }): Item => ({ event, seq, hash })),
    ];
    const result = this.#sink.deliver(items);
    if (result.delivered >= notice.length) this.#missing = 0;
    const delivered = Math.max(0, result.delivered - notice.length);
    const position = this.#waiting[delivered - 1]?.position ?? this.#state.position;
    this.#waiting = this.#waiting.slice(delivered);
    this.#state = { position, sink: this.#sink.state() };
    return { delivered, why: result.why };
  }
}

function missingItem(count: number): Item {
  return {
    event: ownEvent(
      "lost",
      `${count} records that were removed before they could be forwarded`,
      count,
    ),
    seq: null,
    hash: null,
  };
}
