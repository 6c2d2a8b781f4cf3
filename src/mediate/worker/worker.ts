import { SIGKILL } from "../../kernel/constants.ts";
import { SLOT_SIZE } from "../../plan/slots.ts";
import { answer, reported } from "../answer/answer.ts";
import { attempt } from "../answer/attempt.ts";
import { VANISHED } from "../answer/outcome.ts";
import { Settled } from "../answer/settled.ts";
import { dispatch } from "../calls/dispatch.ts";
import type { Domain } from "../domain/domain.ts";
import { holdsExecs } from "../domain/handed.ts";
import { HeldExec } from "../loop/held-exec.ts";
import { notification } from "../loop/notification.ts";
import { Slot } from "../loop/slot.ts";
import { abi, E, POLLIN, POLLOUT } from "../sys/abi.ts";
import { goInTurn } from "../sys/precedence.ts";
import { isReady, sys } from "../sys/sys.ts";
import { ORDER_BYTES, parseOrder } from "./order.ts";
import { TO_HOLD, workerDescriptors } from "./workers.ts";

/**
 * Ties this process to the mediator `parent`, which may be gone already. The worker must end with
 * it, because the mediator's successor answers the calls that were given here. An effect attempted
 * later finds that its call no longer waits ({@link Call.effect}).
 */
export function tieTo(parent: number): void {
  goInTurn();
  sys("prctl", abi.PR_SET_PDEATHSIG, SIGKILL);
  if (process.ppid !== parent) process.exit(0);
}

export function runWorker({ handed, memory, broker, reporter }: Domain): void {
  const bytes = Buffer.alloc(ORDER_BYTES);
  for (;;) {
    while (!isReady(workerDescriptors.orders, POLLIN, timeUntil(reporter.due))) reporter.flush();
    const got = sys("read", workerDescriptors.orders, bytes, ORDER_BYTES);
    if (got === -E.INTR) continue;
    if (got !== ORDER_BYTES) break;
    const { id, index, hands } = parseOrder(bytes);
    const shared = new Slot(memory.bytes, index);
    const slot = copyOf(memory.bytes, index);
    if (slot.id !== id) break;
    broker.refresh();
    const started = () => {
      // Once begun, a call is never left to the kernel. Once given up, it must not begin.
      if (!shared.begin(hands)) throw new Settled(VANISHED);
    };
    const { outcome, call } = dispatch(broker, notification(handed.listener, slot, started));
    let last = reported(outcome, slot.tid, reporter);
    while (last.kind === "pending") {
      isReady(last.fd, last.events ?? POLLOUT, -1);
      broker.refresh();
      last = reported(attempt(call, last.resume), slot.tid, reporter);
    }
    const toHold = last.kind === "held" && shared.begin(hands);
    if (last.kind === "held") {
      if (toHold && holdsExecs(handed.slots)) new HeldExec(memory.bytes, index).judged(last.judged);
    } else answer(handed.listener, slot, call, last, reporter);
    call.close();
    sys("write", workerDescriptors.answers, Buffer.from([toHold ? index | TO_HOLD : index]), 1);
  }
}

/**
 * A mediator that gave up on this worker reuses the slot while the worker may still run for a
 * moment. So the worker reads a copy.
 */
function copyOf(memory: Uint8Array, index: number): Slot {
  return new Slot(memory.slice(index * SLOT_SIZE, (index + 1) * SLOT_SIZE), 0);
}

/** Milliseconds; -1 for forever. */
function timeUntil(due: number): number {
  return due === Number.POSITIVE_INFINITY ? -1 : Math.max(0, Math.ceil(due - performance.now()));
}
