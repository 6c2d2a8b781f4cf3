import type { Epoll } from "../../kernel/epoll.ts";
import { quick } from "../../kernel/quick.ts";
import { name as syscallName } from "../../kernel/syscalls.ts";
import { SLOT_COUNT, slotState } from "../../plan/slots.ts";
import { answer, reported, sendResponse } from "../answer/answer.ts";
import { attempt } from "../answer/attempt.ts";
import { type Answer, unable, VANISHED } from "../answer/outcome.ts";
import type { Call } from "../calls/call.ts";
import { dispatch } from "../calls/dispatch.ts";
import { afterFailure, foreignCall, noRoom } from "../calls/unreadable-caller.ts";
import type { Domain } from "../domain/domain.ts";
import type { ProcessState } from "../domain/process-state.ts";
import { SLOW_CALL_MS_MAX } from "../limits.ts";
import { abi, E, POLLIN } from "../sys/abi.ts";
import { sys } from "../sys/sys.ts";
import { IdentityLost } from "../target/identity.ts";
import { Workers } from "../worker/workers.ts";
import { type Concluded, HeldExecs } from "./held-execs.ts";
import type { InHand } from "./in-hand.ts";
import { InheritedCalls } from "./inherited-calls.ts";
import { notification } from "./notification.ts";
import { PendingCalls } from "./pending-calls.ts";
import { Slot } from "./slot.ts";
import { type Origin, whatIsLeft } from "./take-over.ts";
import type { Timed, Timers } from "./timers.ts";

export interface Surroundings {
  readonly state: ProcessState;
  readonly epoll: Epoll;
  readonly timers: Timers;
  readonly inHand: InHand;
}

export interface DomainOwner {
  /**
   * The domain's last process has exited. With a cause: its calls can no longer be received or
   * answered. Called outside any step.
   */
  ended(cause: unknown): void;
  /**
   * The domain has exchanged a descriptor ({@link Broker.exchanged}). Called after every later
   * step, too.
   */
  exchanged(): void;
}

/**
 * Serves one domain: receives, decides and answers one call a turn, so that other domains wait for
 * one call of this domain at most. Calls in flight (waiting for a socket, or given to a worker) are
 * bounded by the domain's own slots. The holder owns the slots' memory, so that a successor can
 * finish the calls that this process leaves.
 */
export class DomainLoop implements Timed {
  readonly number: number;
  readonly #domain: Domain;
  readonly #inHand: InHand;
  readonly #epoll: Epoll;
  readonly #timers: Timers;
  readonly #owner: DomainOwner;
  readonly #pending: PendingCalls;
  readonly #workers: Workers;
  /** null if no holder can trace an execution. */
  #held: HeldExecs | null;
  readonly #free: Slot[] = [];
  readonly #again: Slot[] = [];
  readonly #inherited: InheritedCalls;
  #watched = 0;
  #events = 0;
  #isOver = false;
  /** That the domain has ended, and its owner does not know yet. */
  #ended: { readonly cause: unknown } | null = null;
  /** Made once: a closure per call would be a tenth of the work of a remembered verdict. */
  readonly #serve = (): void => ((this.#events & POLLIN) === 0 ? this.#end(null) : this.#next());
  readonly #step = (): void => this.#attempt(this.#serve);

  constructor(
    number: number,
    domain: Domain,
    { state, epoll, timers, inHand }: Surroundings,
    owner: DomainOwner,
  ) {
    this.number = number;
    this.#domain = domain;
    this.#inHand = inHand;
    this.#epoll = epoll;
    this.#timers = timers;
    this.#owner = owner;
    this.#pending = new PendingCalls(epoll, ({ slot, call, pending }) =>
      this.#guarded(() => this.#finish(slot, call, attempt(call, pending.resume))),
    );
    const { holder } = domain.handed;
    this.#held = holder === null ? null : new HeldExecs(holder, domain.memory.bytes);
    let worker = 0;
    this.#workers = new Workers(domain.handed, state.folder, {
      opened: (answers) => {
        worker = epoll.add(answers, POLLIN, {
          ready: () => this.#guarded(() => this.#workerDone()),
        });
      },
      closing: () => epoll.remove(worker),
    });
    this.#inherited = new InheritedCalls(domain.handed.listener);
  }

  /** Finishes the calls that the previous mediator left, then waits for new ones. */
  begin(origin: Origin): void {
    this.#run(() => this.#begin(origin));
  }

  #begin(origin: Origin): void {
    const { listener } = this.#domain.handed;
    // The reply wakes the target on this processor, which takes a third of the time. Linux has this
    // since 6.6; on older kernels the ioctl fails and nothing is lost.
    sys(
      "ioctl",
      listener,
      abi.SECCOMP_IOCTL_NOTIF_SET_FLAGS,
      abi.SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP,
    );
    this.#attempt(() => this.#takeOver(origin));
    if (this.#isOver) return;
    this.#watched = this.#epoll.add(listener, POLLIN, {
      ready: (events) => {
        this.#events = events;
        this.#run(this.#step);
      },
    });
    if (this.#watched < 0)
      this.#end(new Error(`the listener cannot be watched: error ${-this.#watched}`));
  }

  /** Returns false when the holder has ended. */
  hearHolder(): boolean {
    let isThere = false;
    this.#guarded(() => {
      isThere = this.#held?.hear() ?? false;
      this.#concludeHeld();
      if (!isThere) this.#loseHolder();
    });
    return isThere;
  }

  get due(): number {
    const { reporter, socketRecords, usedCapabilities } = this.#domain;
    const records = socketRecords?.due ?? Number.POSITIVE_INFINITY;
    const uses = usedCapabilities?.due ?? Number.POSITIVE_INFINITY;
    const held = this.#held?.due ?? Number.POSITIVE_INFINITY;
    return Math.min(reporter.due, this.#workers.due, this.#inherited.due, records, uses, held);
  }

  overdue(): void {
    this.#guarded(() => {
      const now = performance.now();
      const { reporter, socketRecords, usedCapabilities } = this.#domain;
      if (socketRecords !== null && socketRecords.due <= now) socketRecords.look();
      if (usedCapabilities !== null && usedCapabilities.due <= now) usedCapabilities.look();
      if (reporter.due <= now) reporter.flush();
      if (this.#workers.due <= now) this.#workerLate();
      if (this.#inherited.due <= now) this.#lookAtInherited();
      if ((this.#held?.due ?? now + 1) <= now) this.#concludeAll();
    });
  }

  /** Passes on everything that is left to tell. `exiting`: this process exits next. */
  finish(exiting: boolean): void {
    this.#isOver = true;
    this.#epoll.remove(this.#watched);
    this.#timers.remove(this);
    this.#pending.clear();
    // A process that the holder killed at its exec may have been the domain's last.
    for (const { slot, came } of this.#held?.concluded() ?? [])
      if (came.kind === "ended") this.#tell(slot, came);
    this.#held?.clear();
    // Closing may wait for a worker. The log must be complete before, for readers that see the run
    // end.
    this.#domain.reporter.flush();
    this.#domain.finish(this.#workers.close(exiting), exiting);
  }

  /** After {@link finish}. */
  close(): void {
    this.#domain.close();
  }

  /**
   * Stops without writing or answering anything: another mediator serves the domain, and has
   * already recorded this one's unwritten events as lost.
   */
  abandon(): void {
    this.#isOver = true;
    this.#epoll.remove(this.#watched);
    this.#timers.remove(this);
    this.#pending.clear();
    this.#workers.leave();
    this.#held?.clear();
    this.#domain.abandon();
  }

  #guarded(step: () => void): void {
    this.#run(() => this.#attempt(step));
  }

  #run(step: () => void): void {
    this.#inHand.run(this.number, step);
    const ended = this.#ended;
    if (ended === null) return;
    this.#ended = null;
    this.#owner.ended(ended.cause);
  }

  /**
   * Runs a step. A failure ends service of this domain only. IdentityLost is passed on: a mediator
   * that kept a target's identity must end.
   */
  #attempt(step: () => void): void {
    if (this.#isOver) return;
    try {
      step();
    } catch (cause) {
      if (cause instanceof IdentityLost) throw cause;
      this.#end(cause);
    }
    if (this.#domain.broker.exchanged > 0) this.#owner.exchanged();
    if (!this.#isOver) this.#timers.add(this);
  }

  #end(cause: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#ended = { cause };
  }

  #takeOver(origin: Origin): void {
    const { broker, handed, memory, reporter } = this.#domain;
    this.#domain.succeed();
    const held: Slot[] = [];
    let isFirst = true;
    for (let index = 0; index < SLOT_COUNT; index++) {
      const slot = new Slot(memory.bytes, index);
      isFirst &&= slot.isUntouched;
      const waits = slot.id !== 0n && notification(handed.listener, slot).stillWaiting();
      const left = whatIsLeft(slot, waits, origin);
      if (left === "nothing") this.#free.push(slot);
      else if (left === "worker") this.#inherited.add(slot);
      else if (left === "held") held.push(slot);
      else if (left === "send") {
        sendResponse(handed.listener, slot);
        this.#release(slot);
      } else if (left === "unknown") {
        reporter.unknownOutcome(slot.tid, syscallName(slot.number) ?? "call");
        this.#finish(slot, null, { kind: "error", errno: E.IO });
      } else this.#again.push(slot);
    }
    if (isFirst) broker.threads.alike.begin();
    this.#held?.takeOver(held);
    this.#concludeHeld();
    for (const slot of this.#again.splice(0)) {
      slot.takeOver(origin === "holder");
      slot.state = slotState.received;
      this.#decide(slot);
    }
  }

  #lookAtInherited(): void {
    for (const slot of this.#inherited.answered()) this.#release(slot);
    for (const slot of this.#inherited.late())
      this.#fail(slot, `no answer of a slow file system within ${SLOW_CALL_MS_MAX} ms`);
  }

  #next(): void {
    if (this.#held?.hasAny) this.#concludeHeld();
    const slot = this.#free.pop();
    if (slot === undefined) {
      this.#waitForRoom();
      return;
    }
    if (receive(this.#domain.handed.listener, slot)) this.#decide(slot);
    else this.#free.push(slot);
  }

  #decide(slot: Slot): void {
    const { broker, handed, reporter, socketRecords, usedCapabilities } = this.#domain;
    const now = performance.now();
    broker.refresh(now);
    socketRecords?.begin(slot.tid);
    usedCapabilities?.begin(slot.tid);
    reporter.begin(slot.tid);
    const known = foreignCall(broker, slot) ?? this.#remembered(slot, now);
    if (known !== null) {
      this.#finish(slot, null, known);
      return;
    }
    const { outcome, call } = dispatch(broker, notification(handed.listener, slot));
    this.#finish(slot, call, outcome);
  }

  /** The verdict of an equal recent call, at level warning; null if the call must be judged. */
  #remembered(slot: Slot, now: number): Answer | null {
    const { broker, handed } = this.#domain;
    const known = broker.verdicts.lately(slot, now);
    if (known === null || broker.level(now) !== "warning") return null;
    // A denial is logged, so the call must still wait.
    if (known.kind === "continue") return known;
    return notification(handed.listener, slot).stillWaiting() ? known : VANISHED;
  }

  #finish(slot: Slot, call: Call | null, judged: Answer): void {
    const outcome = reported(judged, slot.tid, this.#domain.reporter);
    const room = this.#free.length > 0; // One slot is always kept free, to receive the next call.
    if (
      outcome.kind === "pending" &&
      call !== null &&
      room &&
      this.#pending.add({ slot, call, pending: outcome })
    )
      return;
    if (outcome.kind === "worker" && room && this.#workers.give(slot)) {
      call?.close();
      return;
    }
    if (outcome.kind === "held") {
      this.#held?.judged(slot, outcome.judged);
      this.#hold(slot, call);
      return;
    }
    const waits = outcome.kind === "pending" || outcome.kind === "worker";
    const { broker, handed, reporter } = this.#domain;
    answer(
      handed.listener,
      slot,
      call,
      waits ? noRoom(broker, call?.name ?? "call") : outcome,
      reporter,
    );
    call?.close();
    this.#release(slot);
  }

  /** The judged program is already in the slot's memory. */
  #hold(slot: Slot, call: Call | null): void {
    if (this.#held === null) this.#finish(slot, call, unholdable());
    else if (!this.#held.give(slot, call))
      this.#finish(slot, call, unable(E.ACCES, "execute", "the asking thread cannot be looked at"));
    // More executions than slots are no reason to refuse one.
    else if (this.#free.length === 0) this.#waitForRoom();
  }

  /**
   * Stops receiving while executions have all slots. The next call is received when one is over.
   */
  #waitForRoom(): void {
    this.#epoll.change(this.#watched, 0);
    this.#concludeAll();
  }

  /** Takes the executions that are over, and has the holder ring for each of the others. */
  #concludeAll(): void {
    this.#held?.awaitBells();
    this.#concludeHeld();
  }

  #concludeHeld(): void {
    for (const { slot, call, came } of this.#held?.concluded() ?? []) {
      if (came.kind === "waits") {
        this.#finish(slot, call, came.answer);
        continue;
      }
      if (came.kind === "ended") this.#tell(slot, came);
      call?.close();
      this.#release(slot);
    }
  }

  /**
   * The kernel killed the processes that the holder traced (EXITKILL), so the executions that are
   * left are refused.
   */
  #loseHolder(): void {
    const left = [...(this.#held?.abandoned() ?? [])];
    this.#held = null;
    for (const { slot, call } of left) this.#finish(slot, call, unholdable());
  }

  #tell(slot: Slot, { told }: Concluded & { kind: "ended" }): void {
    this.#domain.reporter.outside(slot.tid, "denied", told.refusal);
  }

  #release(slot: Slot): void {
    slot.state = slotState.free;
    this.#free.push(slot);
    if (this.#free.length === 1) this.#epoll.change(this.#watched, POLLIN);
  }

  #workerDone(): void {
    const over = this.#workers.take();
    if (over === null) return;
    if (over.answered === "held") this.#hold(over.slot, null);
    else if (over.answered) this.#release(over.slot);
    else this.#fail(over.slot, "the process for slow file systems ended");
  }

  #workerLate(): void {
    const slot = this.#workers.overdue();
    if (slot !== null)
      this.#fail(slot, `no answer of a slow file system within ${SLOW_CALL_MS_MAX} ms`);
  }

  #fail(slot: Slot, why: string): void {
    const name = syscallName(slot.number) ?? "call";
    const untouched = slot.takeFromWorker();
    this.#finish(
      slot,
      null,
      untouched ? afterFailure(this.#domain.broker, name, why) : unable(E.IO, name, why),
    );
  }
}

function unholdable(): Answer {
  const why = "its holder has ended, or is of an older version: restart the daemon";
  return unable(E.ACCES, "execute", why);
}

/** Returns false if the call was cancelled before. */
function receive(listener: number, slot: Slot): boolean {
  slot.clear();
  const received = quick.ioctl(listener, abi.SECCOMP_IOCTL_NOTIF_RECV, slot.notification);
  if (received === -E.NOENT || received === -E.INTR) return false;
  if (received < 0) throw new Error(`cannot receive: error ${-received}`);
  slot.state = slotState.received;
  return true;
}
