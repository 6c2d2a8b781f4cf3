import { mapShared } from "../kernel/ffi.ts";
import { name as syscallName } from "../kernel/syscalls.ts";
import { SLOT_COUNT, SLOT_SIZE, slotState } from "../plan/slots.ts";
import { abi, E } from "./abi.ts";
import type { Broker } from "./broker.ts";
import type { Call, Notification } from "./call.ts";
import { attempt, dispatch } from "./dispatch.ts";
import { error, type Outcome, unable } from "./outcome.ts";
import type { Reporter } from "./report.ts";
import { Slot } from "./slot.ts";
import { close, sys } from "./sys.ts";
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
  const { listener } = descriptors;
  const memory = mapShared(descriptors.slots, SLOT_COUNT * SLOT_SIZE).bytes;
  const waiting = new Waiting();
  const free = Array.from({ length: SLOT_COUNT }, (_, index) => new Slot(memory, index));
  // The reply wakes the target on this processor: a third of the time (since 6.6; older kernels go without).
  sys("ioctl", listener, abi.SECCOMP_IOCTL_NOTIF_SET_FLAGS, abi.SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
  const finish = (slot: Slot, call: Call | null, outcome: Outcome): void => {
    if (outcome.kind === "pending" && call !== null && free.length > 1) {
      waiting.add({ slot, call, pending: outcome });
      return;
    }
    const last = outcome.kind === "pending" ? unable(E.AGAIN, call?.name ?? "call", "too many calls wait") : outcome;
    answer(listener, slot, last, reporter);
    call?.close();
    slot.state = slotState.free;
    free.push(slot);
  };
  for (;;) {
    const woken = waiting.poll(listener, reporter.nextFlush());
    if (woken.gone) return;
    for (const { slot, call, pending } of woken.ready) finish(slot, call, attempt(call, pending.resume));
    if (!woken.asked) continue;
    const slot = free.pop();
    if (slot === undefined) throw new Error("a slot is always kept free");
    if (!receive(listener, slot)) {
      free.push(slot);
      continue;
    }
    const foreign = foreignCall(slot);
    if (foreign !== null) finish(slot, null, foreign);
    else {
      const { outcome, call } = dispatch(broker, notification(listener, slot));
      finish(slot, call, outcome);
    }
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

/** Hands over, reports, sends; a target that vanished is told nothing. */
function answer(listener: number, slot: Slot, outcome: Outcome, reporter: Reporter): void {
  const last = outcome.kind === "descriptor" ? handOver(listener, slot, outcome) : outcome;
  if (last.kind === "refused") reporter.refused(slot.tid, last);
  if (last.kind !== "vanished") send(listener, slot, last);
}

/** Other architectures and x32 number their calls otherwise; a thread outside the mediator's pid namespace (0) cannot be looked at. */
function foreignCall(slot: Slot): Outcome | null {
  const known = slot.architecture === abi.AUDIT_ARCH_X86_64 ? syscallName(slot.number) : null;
  if (known === null)
    return unable(E.NOSYS, "call", `number ${slot.number} of architecture 0x${slot.architecture.toString(16)}`);
  return slot.tid === 0 ? unable(E.PERM, known, "a thread of another pid namespace") : null;
}

function notification(listener: number, slot: Slot): Notification {
  const id = Buffer.alloc(8);
  id.writeBigUInt64LE(slot.id);
  return {
    tid: slot.tid,
    name: syscallName(slot.number) ?? "",
    word: (index) => slot.argument(index),
    low: (index) => slot.argumentLow(index),
    stillWaiting: () => sys("ioctl", listener, abi.SECCOMP_IOCTL_NOTIF_ID_VALID, id) === 0,
    started: () => {
      slot.state = slotState.started;
    },
  };
}

/** ADDFD, then SEND with its number: ADDFD_FLAG_SEND would not use the synchronous wake-up, and interrupted it loses the reply. */
function handOver(listener: number, slot: Slot, given: Outcome & { kind: "descriptor" }): Outcome {
  // struct seccomp_notif_addfd: id, flags, srcfd, newfd, newfd_flags.
  const request = Buffer.alloc(24);
  request.writeBigUInt64LE(slot.id, 0);
  request.writeUInt32LE(given.fd, 12);
  request.writeUInt32LE(given.closeOnExec ? abi.O_CLOEXEC : 0, 20);
  const value = sys("ioctl", listener, abi.SECCOMP_IOCTL_NOTIF_ADDFD, request);
  if (value < 0 && value !== -E.NOENT) given.undo?.();
  close(given.fd);
  if (value === -E.NOENT) return { kind: "vanished" };
  return value < 0 ? error(-value) : { kind: "value", value };
}

function send(listener: number, slot: Slot, outcome: Outcome): void {
  const value = outcome.kind === "value" ? BigInt(outcome.value) : 0n;
  const errno = outcome.kind === "error" || outcome.kind === "refused" ? outcome.errno : 0;
  slot.answer(value, errno, outcome.kind === "continue" ? abi.SECCOMP_USER_NOTIF_FLAG_CONTINUE : 0);
  slot.state = slotState.done;
  const sent = sys("ioctl", listener, abi.SECCOMP_IOCTL_NOTIF_SEND, slot.response);
  // ENOENT: killed meanwhile.
  if (sent < 0 && sent !== -E.NOENT) throw new Error(`cannot answer: error ${-sent}`);
}
