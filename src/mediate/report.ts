import { readFileSync, readlinkSync } from "node:fs";
import type { Event, EventProcess } from "../events/event.ts";
import { monotonic } from "../kernel/ffi.ts";
import type { Broker } from "./broker.ts";
import { explain } from "./explain.ts";
import { EVENT_KEYS_MAX, EVENT_WINDOW_MS } from "./limits.ts";
import type { Outcome, Refusal } from "./outcome.ts";

/** Writes one event. */
export type EventWriter = (event: Event) => void;

interface Folded {
  event: Event;
  /** Seen again since it was last written. */
  unwritten: boolean;
}

/**
 * Turns refusals into events. The first of a kind is written at once; the same again within a window only counts, and is written when the window ends,
 * so that a process that asks a million times costs a bounded amount of memory and log.
 */
export class Reporter {
  readonly #broker: Broker;
  readonly #write: EventWriter;
  readonly #folded = new Map<string, Folded>();
  #windowEnds: number | null = null;
  #counter = 0;

  constructor(broker: Broker, write: EventWriter) {
    this.#broker = broker;
    this.#write = write;
  }

  refused(tid: number, outcome: Outcome & { kind: "refused" }): void {
    const { refusal } = outcome;
    const key = `${tid} ${refusal.class} ${refusal.operation} ${refusal.object} ${refusal.reason}`;
    const known = this.#folded.get(key);
    if (known !== undefined) {
      known.event = { ...known.event, count: known.event.count + 1 };
      known.unwritten = true;
      return;
    }
    if (this.#folded.size >= EVENT_KEYS_MAX) this.flush();
    const event = this.#event(tid, refusal);
    this.#folded.set(key, { event, unwritten: false });
    this.#windowEnds ??= Date.now() + EVENT_WINDOW_MS;
    this.#write(event);
  }

  /** Milliseconds until counts are due, -1 for never. A window that is over is ended at once. */
  nextFlush(): number {
    if (this.#windowEnds === null) return -1;
    const left = this.#windowEnds - Date.now();
    if (left > 0) return left;
    this.flush();
    return -1;
  }

  flush(): void {
    for (const { event, unwritten } of this.#folded.values()) if (unwritten) this.#write(event);
    this.#folded.clear();
    this.#windowEnds = null;
  }

  #event(tid: number, refusal: Refusal): Event {
    const now = monotonic();
    this.#counter += 1;
    return {
      v: 1,
      id: `${now}-${process.pid}-${this.#counter}`,
      time: new Date().toISOString(),
      monotonic: String(now),
      domain: this.#broker.plan.domain,
      level: this.#broker.plan.level,
      engine: "landlock",
      source: "broker",
      verdict: "denied",
      class: refusal.class,
      operation: refusal.operation,
      object: refusal.object,
      process: describe(tid),
      ...explain(this.#broker.policy, refusal),
      count: 1,
    };
  }
}

/** Who asked; what cannot be read any more is null. The pid is that of the process, not of the thread. */
function describe(tid: number): EventProcess {
  const status = orNull(() => readFileSync(`/proc/${tid}/status`, "latin1"));
  const field = (name: string): string | null => status?.match(new RegExp(`^${name}:\\s*(\\S+)`, "m"))?.[1] ?? null;
  const uid = field("Uid");
  return {
    pid: Number(field("Tgid") ?? tid),
    uid: uid === null ? null : Number(uid),
    comm: orNull(() => readFileSync(`/proc/${tid}/comm`, "utf8").trimEnd()),
    executable: orNull(() => readlinkSync(`/proc/${tid}/exe`)),
  };
}

/** The process may be gone, and an event says so by what it leaves out. */
function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
