import type { Event } from "../../events/event.ts";
import { Fold } from "../../events/fold.ts";
import { stamp } from "../../events/identity.ts";
import { EVENTS_NAMED_MAX, FOLD_FLUSH_MS } from "../../events/limits.ts";
import { readProcess } from "../../events/process-info.ts";
import type { Refusal } from "../answer/outcome.ts";
import { inheritedOutside } from "../calls/descriptors/inherited.ts";
import type { Broker } from "../domain/broker.ts";
import type { EventOutput } from "./event-output.ts";
import { explain } from "./explain.ts";
import type { Untold } from "./untold.ts";

/** What becomes of something outside the domain, or that an administrator should know of. */
export type ReportedVerdict = "denied" | "warning" | "noted";

interface Repeated {
  readonly event: Event;
  /**
   * Times since the event was passed on; when the first and the last of them were, milliseconds
   * since the epoch.
   */
  again: number;
  first: number;
  last: number;
}

/** Milliseconds until events that could not be written are tried again. */
const RETRY_MS = 1_000;

/**
 * Turns what was outside the domain into events, folded: who asks a million times for the same
 * costs one line and a count now and then, and nobody looks into /proc for a repetition. Between
 * two flushes a process is taken to stay the program it was. More than {@link EVENTS_NAMED_MAX}
 * different things are counted together.
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
   * `untold`: of the process before this one, and now of this one. `seen` is told of every event
   * that is passed on, before it is written.
   */
  constructor(broker: Broker, output: EventOutput, untold: Untold, seen?: (event: Event) => void) {
    this.#broker = broker;
    this.#output = output;
    this.#untold = untold;
    const pass = (event: Event) => {
      seen?.(event);
      output.append(event, () => untold.passedOn(event.count));
    };
    this.#fold = new Fold(pass, (operation, object, count) =>
      this.#lifecycle(operation, object, count),
    );
  }

  /** Tells what the process before this one took with it, before anything is counted here. */
  succeed(): void {
    this.lostWith(this.#untold);
  }

  /** Tells how many events a process took with it that has ended. */
  lostWith(untold: Untold): void {
    const count = untold.take();
    if (count === 0) return;
    const what = "counted, and not written when the process that had them ended";
    this.tell("lost", `${count} events that were ${what}`, count);
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
   * Before each call, of thread `tid`; the first that is seen of a domain tells with what its
   * daemon begins (`calls/descriptors/inherited.ts`).
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

  /**
   * A call of thread `tid` that a mediator died over, and of which nobody knows whether it was
   * done.
   */
  unknownOutcome(tid: number, call: string): void {
    const process = readProcess(this.#processOf(tid));
    this.#untold.counted();
    this.#fold.add({ ...this.#lifecycle("outcome unknown", call, 1), verdict: "failed", process });
    this.#dueIn(FOLD_FLUSH_MS);
  }

  /** What the kernel has recorded, as an event already. */
  recorded(event: Event): void {
    this.#untold.counted(event.count);
    this.#fold.add(event);
    this.#dueIn(FOLD_FLUSH_MS);
  }

  /** Accesses that the kernel counted, and of whose records others took the place. */
  missed(count: number): void {
    const what = "accesses outside the domain that its cgroup's programs counted";
    const object = `${count} ${what}: too many different ones at once`;
    this.#untold.counted(count);
    this.#fold.add({ ...this.#lifecycle("lost", object, count), verdict: "failed" });
    this.#dueIn(FOLD_FLUSH_MS);
  }

  /** The same of a domain that another process counts for: written at once, or not at all. */
  tell(operation: string, object: string, count = 1): void {
    const event: Event = { ...this.#lifecycle(operation, object, count), verdict: "failed" };
    this.#output.append(event, () => undefined);
  }

  /** Something that Cofferdam itself could not do. */
  failed(operation: string, object: string): void {
    this.#untold.counted();
    this.#fold.add({ ...this.#lifecycle(operation, object, 1), verdict: "failed" });
    this.#dueIn(FOLD_FLUSH_MS);
  }

  /**
   * When {@link flush} is to be called, on the clock of performance.now(); infinite while there is
   * nothing to say.
   */
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
  }

  /** Nothing of what was counted is told: another process counts for the domain. */
  abandon(): void {
    this.#repeated.clear();
    this.#output.abandon();
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

  /** A thread is told apart by its process; one that is gone keeps its own number. */
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
