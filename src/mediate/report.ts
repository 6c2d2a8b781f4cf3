import type { Event } from "../events/event.ts";
import { Fold } from "../events/fold.ts";
import { stamp } from "../events/identity.ts";
import { FOLD_FLUSH_MS } from "../events/limits.ts";
import { readProcess } from "../events/process-info.ts";
import type { Broker } from "./broker.ts";
import { readCredentials } from "./credentials.ts";
import { explain } from "./explain.ts";
import type { Outcome } from "./outcome.ts";

/**
 * Turns refusals into events, folded: a process that asks a million times for the same costs one line and a count now and then.
 */
export class Reporter {
  readonly #broker: Broker;
  readonly #fold: Fold;
  #flushAt: number | null = null;

  constructor(broker: Broker, write: (event: Event) => void) {
    this.#broker = broker;
    this.#fold = new Fold(write);
  }

  refused(tid: number, { refusal }: Outcome & { kind: "refused" }): void {
    this.#flushAt ??= Date.now() + FOLD_FLUSH_MS;
    this.#fold.add({
      ...stamp(),
      domain: this.#broker.plan.domain,
      level: this.#broker.plan.level,
      engine: "landlock",
      source: "broker",
      verdict: "denied",
      class: refusal.class,
      operation: refusal.operation,
      object: refusal.object,
      process: readProcess(processOf(tid)),
      ...explain(this.#broker.policy, refusal),
      count: 1,
    });
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
    this.#fold.flush();
    this.#flushAt = null;
  }
}

/** A thread is told apart by its process; one that is gone keeps its own number. */
function processOf(tid: number): number {
  try {
    return readCredentials(tid).tgid;
  } catch {
    return tid;
  }
}
