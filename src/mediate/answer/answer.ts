import { quick } from "../../kernel/quick.ts";
import { seccompNotifAddfd } from "../../kernel/structs.ts";
import { slotState } from "../../plan/slots.ts";
import type { Call } from "../calls/call.ts";
import type { Slot } from "../loop/slot.ts";
import type { Reporter } from "../report/reporter.ts";
import { abi, E } from "../sys/abi.ts";
import { errnoOf } from "../sys/errno.ts";
import { close } from "../sys/sys.ts";
import { attempt } from "./attempt.ts";
import { type Answer, error, type Outcome, unable, VANISHED } from "./outcome.ts";

type Given = Answer & { kind: "descriptor" };
/** An answer whose events have been passed to the reporter. */
type Reported = Exclude<Answer, { kind: "reported" }>;

export function reported(outcome: Answer, tid: number, reporter: Reporter): Reported {
  if (outcome.kind !== "reported") return outcome;
  reporter.outside(tid, outcome.verdict, outcome.refusal);
  return reported(outcome.answer, tid, reporter);
}

/**
 * Hands over the descriptor, if the answer has one, reports, and sends the response. A target that
 * is gone gets none. `call` is null if none was begun. Marks the slot as `done`.
 */
export function answer(
  listener: number,
  slot: Slot,
  call: Call | null,
  judged: Answer,
  reporter: Reporter,
): void {
  const outcome = reported(judged, slot.tid, reporter);
  const last =
    outcome.kind === "descriptor" && call !== null
      ? reported(handOver(listener, slot, call, outcome), slot.tid, reporter)
      : outcome;
  if (last.kind === "refused") reporter.outside(slot.tid, "denied", last.refusal);
  if (last.kind !== "vanished") send(listener, slot, last);
}

/** Reused for each descriptor; `flags` and `newfd` stay 0. */
const addfd = seccompNotifAddfd.alloc();
const ADDFD = seccompNotifAddfd.offset;

/**
 * ADDFD, then SEND with the descriptor's number. ADDFD_FLAG_SEND would not use the synchronous
 * wake-up, and would lose the reply when interrupted.
 */
export function handOver(listener: number, slot: Slot, call: Call, given: Given): Answer {
  addfd.writeBigUInt64LE(slot.id, ADDFD.id);
  addfd.writeUInt32LE(given.fd, ADDFD.srcfd);
  addfd.writeUInt32LE(given.closeOnExec ? abi.O_CLOEXEC : 0, ADDFD.newfd_flags);
  const value = quick.ioctl(listener, abi.SECCOMP_IOCTL_NOTIF_ADDFD, addfd);
  const outcome = attempt(call, () => handedOver(call, given, value));
  close(given.fd);
  return outcome;
}

/** `value`: the descriptor's number in the target, or a negated error number. */
function handedOver(call: Call, given: Given, value: number): Outcome {
  if (value === -E.NOENT) return VANISHED;
  if (value < 0) given.undo?.();
  if (value < 0) return error(errnoOf(value));
  const done = given.afterwards?.() ?? 0;
  return done < 0
    ? unable(
        errnoOf(done),
        call.name,
        "what was to follow when the descriptor had been handed over",
      )
    : { kind: "value", value };
}

function send(listener: number, slot: Slot, outcome: Reported): void {
  fill(slot, outcome);
  slot.state = slotState.done;
  sendResponse(listener, slot);
}

function fill(slot: Slot, outcome: Reported): void {
  switch (outcome.kind) {
    case "continue":
      slot.answer(0, 0, abi.SECCOMP_USER_NOTIF_FLAG_CONTINUE);
      break;
    case "value":
      slot.answer(outcome.value, 0, 0);
      break;
    case "error":
    case "refused":
      slot.answer(0, outcome.errno, 0);
      break;
    default:
      // Other outcomes are completed by the loop or a worker. One that arrives here counts as
      // failed.
      slot.answer(0, E.IO, 0);
  }
}

/**
 * The kernel takes one answer to a call. ENOENT: its caller was killed, or has gone on after
 * another answer. EINPROGRESS: it was answered by someone who was killed before the slot said so,
 * as a holder may be, and its caller has not run since (seccomp_notify_send(), kernel/seccomp.c).
 * @throws Error for any other refusal
 */
export function sendResponse(listener: number, slot: Slot): void {
  const sent = quick.ioctl(listener, abi.SECCOMP_IOCTL_NOTIF_SEND, slot.response);
  const isOver = sent === -E.NOENT || sent === -E.INPROGRESS;
  if (sent < 0 && !isOver) throw new Error(`cannot answer: error ${-sent}`);
}
