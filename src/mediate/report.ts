import type { Event } from "../events/event.ts";
import { Fold } from "../events/fold.ts";
import { stamp } from "../events/identity.ts";
import { EVENTS_NAMED_MAX, FOLD_FLUSH_MS } from "../events/limits.ts";
import { readProcess } from "../events/process-info.ts";
import type { Broker } from "./broker.ts";
import { explain } from "./explain.ts";
import type { Outcome, Refusal } from "./outcome.ts";

interface Repeated {
  readonly event: Event;
  /** Times since the event was passed on. */
  again: number;
}

/**
 * Turns refusals into events, folded: who asks a million times for the same costs one line and a count now and then, and nobody looks into /proc for a
 * repetition. Between two flushes a process is taken to stay the program it was. Refusals of more than {@link EVENTS_NAMED_MAX} different things are counted
 * together.
 */
export class Reporter {
  readonly #broker: Broker;
  readonly #fold: Fold;
  readonly #repeated = new Map<string, Repeated>();
  #flushAt: number | null = null;

  constructor(broker: Broker, write: (event: Event) => void) {
    this.#broker = broker;
    this.#fold = new Fold(write, (operation, object, count) => this.#lifecycle(operation, object, count));
  }

  refused(tid: number, { refusal }: Outcome & { kind: "refused" }): void {
    this.#flushAt ??= Date.now() + FOLD_FLUSH_MS;
    const kind = `${tid} ${refusal.class} ${refusal.operation} ${refusal.reason} ${refusal.object}`;
    const known = this.#repeated.get(kind);
    if (known !== undefined) known.again += 1;
    else if (this.#repeated.size >= EVENTS_NAMED_MAX) this.#fold.addUnnamed(1);
    else this.#first(tid, kind, refusal);
  }

  #first(tid: number, kind: string, refusal: Refusal): void {
    const event: Event = {
      ...this.#common(),
      class: refusal.class,
      operation: refusal.operation,
      object: refusal.object,
      process: readProcess(this.#processOf(tid)),
      ...explain(this.#broker.policy, refusal),
    };
    this.#repeated.set(kind, { event, again: 0 });
    this.#fold.add(event);
  }

  /** Milliseconds until counts are due, -1 for never; what is overdue is written first. */
  nextFlush(): number {
    if (this.#flushAt === null) return -1;
    const left = this.#flushAt - Date.now();
    if (left > 0) return left;
    this.flush();
    return -1;
  }

  flush(): void {
    for (const { event, again } of this.#repeated.values())
      if (again > 0) this.#fold.add({ ...event, ...stamp(), count: again });
    this.#repeated.clear();
    this.#fold.flush();
    this.#flushAt = null;
  }

  #lifecycle(operation: string, object: string, count: number): Event {
    return {
      ...this.#common(),
      class: "lifecycle",
      operation,
      object,
      process: { pid: process.pid, uid: null, comm: null, executable: null },
      rule: null,
      reason: null,
      allow: null,
      count,
    };
  }

  #common(): Omit<Event, "class" | "operation" | "object" | "process" | "rule" | "reason" | "allow"> {
    const { domain, number, level } = this.#broker.plan;
    return { ...stamp(), domain, number, level, engine: "landlock", source: "broker", verdict: "denied", count: 1 };
  }

  /** A thread is told apart by its process; one that is gone keeps its own number. */
  #processOf(tid: number): number {
    return this.#broker.threads.processOf(tid) ?? tid;
  }
}
