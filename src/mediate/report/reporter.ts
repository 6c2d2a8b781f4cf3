import type { Event } from "../../events/event.ts";
import { Fold } from "../../events/fold.ts";
import { stamp } from "../../events/identity.ts";
import { EVENTS_NAMED_MAX, FOLD_FLUSH_MS } from "../../events/limits.ts";
import { readProcess } from "../../events/process-info.ts";
import { inheritedOutside } from "../../kinds/inherit/mediate.ts";
import type { Refusal } from "../answer/outcome.ts";
import type { Broker } from "../domain/broker.ts";
import type { EventOutput } from "./event-output.ts";
import { explain } from "./explain.ts";
import type { Untold } from "./untold.ts";

export type ReportedVerdict = "denied" | "warning" | "noted";

interface Repeated {
  readonly event: Event;
  /**
   * The repetitions since the event was passed on: their number, and the times of the first and the
   * last, milliseconds since the epoch.
   */
  again: number;
  first: number;
  last: number;
}

/** Milliseconds until events that could not be written are tried again. */
const RETRY_MS = 1_000;

/**
 * Turns accesses outside the domain into events, and folds repetitions: an access that a process
 * repeats a million times costs one line and an occasional count. /proc is not read for
 * repetitions, so between two flushes a process counts as running the same program. Beyond {@link
 * EVENTS_NAMED_MAX} different accesses, the rest is only counted.
 */
export class Reporter {
  readonly #broker: Broker;
  readonly #output: EventOutput;
  readonly #fold: Fold;
  readonly #untold: Untold;
  readonly #repeated = new Map<string, Repeated>();
  #hasBegun = false;
  #due = Number.POSITIVE_INFINITY;

  /**
   * `untold`: the count of the previous process, and from now on of this one. `seen` is called with
   * every event that is passed on, before it is written.
   */
  constructor(broker: Broker, output: EventOutput, untold: Untold, seen?: (event: Event) => void) {
    this.#broker = broker;
    this.#output = output;
    this.#untold = untold;
    const pass = (event: Event) => {
      seen?.(event);
      output.append(event, untold);
    };
    this.#fold = new Fold(pass, (operation, object, count) =>
      this.#lifecycle(operation, object, count),
    );
  }

  /** Reports the events that the previous process left unwritten, before this one counts any. */
  succeed(): void {
    this.#lost(this.#untold.count);
  }

  /**
   * Reports those of a process that has ended. If this one is killed meanwhile, its successor may
   * report them again.
   */
  lostWith(untold: Untold): void {
    const { count } = untold;
    this.#untold.counted(count);
    untold.passedOn(count);
    this.#lost(count);
  }

  /** Each is counted until the log has the line. */
  #lost(count: number): void {
    if (count === 0) return;
    const what = "counted, and not written when the process that had them ended";
    this.#output.append(
      this.#failure("lost", `${count} events that were ${what}`, count),
      this.#untold,
    );
    this.#dueIn(FOLD_FLUSH_MS);
  }

  outside(tid: number, verdict: ReportedVerdict, refusal: Refusal): void {
    this.#untold.counted();
    this.#dueIn(FOLD_FLUSH_MS);
    const { class: kindOf, operation, reason, object } = refusal;
    const kind = `${tid} ${verdict} ${kindOf} ${operation} ${reason} ${object}`;
    const known = this.#repeated.get(kind);
    if (known !== undefined) repeat(known, Date.now());
    else if (this.#repeated.size >= EVENTS_NAMED_MAX) this.#fold.addUnnamed(1);
    else this.#first(tid, verdict, kind, refusal);
  }

  /**
   * Called before each call, of thread `tid`. A domain's first call reports the descriptors that
   * its daemon inherits (`kinds/inherit/mediate.ts`).
   */
  begin(tid: number): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    if (this.#broker.level() === "disabled") return;
    try {
      for (const refusal of inheritedOutside(this.#broker, tid))
        this.outside(tid, "warning", refusal);
    } catch (cause) {
      this.failed("inherited descriptors not seen", String(cause));
    }
  }

  /** The mediator died over the call, so its outcome is unknown. */
  unknownOutcome(tid: number, call: string): void {
    const process = readProcess(this.#processOf(tid));
    this.#untold.counted();
    this.#fold.add({ ...this.#failure("outcome unknown", call, 1), process });
    this.#dueIn(FOLD_FLUSH_MS);
  }

  recorded(event: Event): void {
    this.#untold.counted(event.count);
    this.#fold.add(event);
    this.#dueIn(FOLD_FLUSH_MS);
  }

  missed(count: number): void {
    const what = "accesses outside the domain that its cgroup's programs counted";
    const object = `${count} ${what}: too many different ones at once`;
    this.#untold.counted(count);
    this.#fold.add(this.#failure("lost", object, count));
    this.#dueIn(FOLD_FLUSH_MS);
  }

  /**
   * Like {@link failed}, for a domain for which another process counts: written at once or never.
   */
  tell(operation: string, object: string, count = 1): void {
    this.#output.append(this.#failure(operation, object, count), null);
  }

  /** Reports a failure of Cofferdam itself. */
  failed(operation: string, object: string): void {
    this.#untold.counted();
    this.#fold.add(this.#failure(operation, object, 1));
    this.#dueIn(FOLD_FLUSH_MS);
  }

  /** On the clock of performance.now(); infinite while there is nothing to write. */
  get due(): number {
    return this.#due;
  }

  flush(): void {
    for (const repeated of this.#repeated.values())
      if (repeated.again > 0) this.#fold.add(together(repeated));
    this.#repeated.clear();
    this.#fold.flush();
    this.#due = Number.POSITIVE_INFINITY;
    if (this.#output.flush()) this.#dueIn(RETRY_MS);
  }

  close(): void {
    this.flush();
    this.#output.close();
    this.#untold.close();
  }

  /** Another process counts for the domain. */
  abandon(): void {
    this.#repeated.clear();
    this.#output.abandon(this.#untold);
    this.#untold.close();
  }

  #dueIn(milliseconds: number): void {
    this.#due = Math.min(this.#due, performance.now() + milliseconds);
  }

  #first(tid: number, verdict: ReportedVerdict, kind: string, refusal: Refusal): void {
    const event: Event = {
      ...this.#common(),
      verdict,
      class: refusal.class,
      operation: refusal.operation,
      object: refusal.object,
      process: readProcess(this.#processOf(tid)),
      ...explain(this.#broker.policy, refusal),
    };
    this.#repeated.set(kind, { event, again: 0, first: 0, last: 0 });
    this.#fold.add(event);
  }

  #failure(operation: string, object: string, count: number): Event {
    return { ...this.#lifecycle(operation, object, count), verdict: "failed" };
  }

  #lifecycle(operation: string, object: string, count: number): Event {
    return {
      ...this.#common(),
      class: "lifecycle",
      operation,
      object,
      request: null,
      process: { pid: process.pid, uid: null, comm: null, executable: null },
      rule: null,
      reason: null,
      allow: null,
      count,
    };
  }

  #common(): Omit<
    Event,
    "class" | "operation" | "object" | "request" | "process" | "rule" | "reason" | "allow"
  > {
    const { domain, number } = this.#broker.plan;
    const level = this.#broker.level();
    return {
      ...stamp(),
      domain,
      number,
      level,
      engine: "landlock",
      source: "broker",
      verdict: "denied",
      count: 1,
    };
  }

  /** Threads are reported by their process; a thread that is gone keeps its own number. */
  #processOf(tid: number): number {
    return this.#broker.threads.processOf(tid) ?? tid;
  }
}

function repeat(known: Repeated, now: number): void {
  if (known.again === 0) known.first = now;
  known.again += 1;
  known.last = now;
}

function together({ event, again, first, last }: Repeated): Event {
  const begin = first === last ? {} : { first: new Date(first).toISOString() };
  return { ...event, ...stamp(last), ...begin, count: again };
}
