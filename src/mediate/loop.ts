import { mapShared } from "../kernel/ffi.ts";
import { name as syscallName } from "../kernel/syscalls.ts";
import { SLOT_COUNT, SLOT_SIZE, slotState } from "../plan/slots.ts";
import { abi, E } from "./abi.ts";
import { answer } from "./answer.ts";
import type { Broker } from "./broker.ts";
import type { Call } from "./call.ts";
import { attempt, dispatch } from "./dispatch.ts";
import { Elsewhere } from "./elsewhere.ts";
import { SLOW_CALL_MS_MAX } from "./limits.ts";
import { notification } from "./notification.ts";
import { type Outcome, unable } from "./outcome.ts";
import type { Reporter } from "./report.ts";
import { Slot } from "./slot.ts";
import { sys } from "./sys.ts";
import { Waiting } from "./waiting.ts";

/** The descriptors the holder starts the mediator with. */
export interface Descriptors {
  readonly listener: number;
  readonly slots: number;
}

/**
 * Receives, decides, answers, until no process of the domain is left. Calls lie in memory that the holder owns, so that
 * they can be answered if this process dies in the middle of one.
 */
export function runLoop(descriptors: Descriptors, broker: Broker, reporter: Reporter): void {
  new Loop(descriptors, broker, reporter).run();
}

class Loop {
  readonly #listener: number;
  readonly #broker: Broker;
  readonly #reporter: Reporter;
  readonly #waiting = new Waiting();
  readonly #elsewhere = new Elsewhere();
  readonly #free: Slot[];

  constructor({ listener, slots }: Descriptors, broker: Broker, reporter: Reporter) {
    this.#listener = listener;
    this.#broker = broker;
    this.#reporter = reporter;
    const memory = mapShared(slots, SLOT_COUNT * SLOT_SIZE).bytes;
    this.#free = Array.from({ length: SLOT_COUNT }, (_, index) => new Slot(memory, index));
  }

  run(): void {
    // The reply wakes the target on this processor: a third of the time (since 6.6; older kernels go without).
    sys("ioctl", this.#listener, abi.SECCOMP_IOCTL_NOTIF_SET_FLAGS, abi.SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
    for (;;) {
      const woken = this.#waiting.poll(this.#listener, this.#elsewhere.answers, this.#timeout());
      if (woken.gone) break;
      for (const { slot, call, pending } of woken.ready) this.#finish(slot, call, attempt(call, pending.resume));
      if (woken.worked) this.#workerDone();
      else if (this.#elsewhere.left() === 0) this.#workerLate();
      if (woken.asked) this.#next();
    }
    this.#elsewhere.close();
  }

  /** Milliseconds. */
  #timeout(): number {
    const [flush, worker] = [this.#reporter.nextFlush(), this.#elsewhere.left()];
    return flush < 0 || worker < 0 ? Math.max(flush, worker) : Math.min(flush, worker);
  }

  #next(): void {
    const slot = this.#free.pop();
    if (slot === undefined) throw new Error("a slot is always kept free");
    if (!receive(this.#listener, slot)) {
      this.#free.push(slot);
      return;
    }
    const foreign = foreignCall(slot);
    if (foreign !== null) this.#finish(slot, null, foreign);
    else {
      const { outcome, call } = dispatch(this.#broker, notification(this.#listener, slot));
      this.#finish(slot, call, outcome);
    }
  }

  #finish(slot: Slot, call: Call | null, outcome: Outcome): void {
    // A slot is always kept free.
    const room = this.#free.length > 0;
    if (outcome.kind === "pending" && call !== null && room) {
      this.#waiting.add({ slot, call, pending: outcome });
      return;
    }
    if (outcome.kind === "elsewhere" && room && this.#elsewhere.give(slot)) {
      call?.close();
      return;
    }
    const waits = outcome.kind === "pending" || outcome.kind === "elsewhere";
    const last = waits ? unable(E.AGAIN, call?.name ?? "call", "too many calls wait") : outcome;
    answer(this.#listener, slot, last, this.#reporter);
    call?.close();
    this.#release(slot);
  }

  #release(slot: Slot): void {
    slot.state = slotState.free;
    this.#free.push(slot);
  }

  #workerDone(): void {
    const over = this.#elsewhere.take();
    if (over === null) return;
    if (over.answered) this.#release(over.slot);
    else this.#fail(over.slot, "the process for slow file systems ended");
  }

  #workerLate(): void {
    const slot = this.#elsewhere.giveUp();
    if (slot !== null) this.#fail(slot, `no answer of a slow file system within ${SLOW_CALL_MS_MAX} ms`);
  }

  #fail(slot: Slot, why: string): void {
    this.#finish(slot, null, unable(E.IO, syscallName(slot.number) ?? "call", why));
  }
}

/** false when the call was cancelled before it could be received. The kernel insists on zeroed memory; the response stays, the holder reads it. */
function receive(listener: number, slot: Slot): boolean {
  slot.notification.fill(0);
  const received = sys("ioctl", listener, abi.SECCOMP_IOCTL_NOTIF_RECV, slot.notification);
  if (received === -E.NOENT || received === -E.INTR) return false;
  if (received < 0) throw new Error(`cannot receive: error ${-received}`);
  slot.state = slotState.received;
  return true;
}

/** Other architectures and x32 number their calls otherwise; a thread outside the mediator's pid namespace (0) cannot be looked at. */
function foreignCall(slot: Slot): Outcome | null {
  const known = slot.architecture === abi.AUDIT_ARCH_X86_64 ? syscallName(slot.number) : null;
  if (known === null)
    return unable(E.NOSYS, "call", `number ${slot.number} of architecture 0x${slot.architecture.toString(16)}`);
  return slot.tid === 0 ? unable(E.PERM, known, "a thread of another pid namespace") : null;
}
