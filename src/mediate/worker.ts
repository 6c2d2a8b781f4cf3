import { mapShared } from "../kernel/ffi.ts";
import { mediatorDescriptors, SLOT_COUNT, SLOT_SIZE } from "../plan/slots.ts";
import { abi, E, POLLIN, POLLOUT } from "./abi.ts";
import { answer } from "./answer.ts";
import type { Broker } from "./broker.ts";
import { attempt, dispatch } from "./dispatch.ts";
import { ORDER_BYTES, workerDescriptors } from "./elsewhere.ts";
import { notification } from "./notification.ts";
import type { Reporter } from "./report.ts";
import { Slot } from "./slot.ts";
import { sys } from "./sys.ts";

const SIGKILL = 9;

/** Does the calls it is told, one after the other, until its mediator is gone. What it was doing then nobody waits for any more. */
export function runWorker(broker: Broker, reporter: Reporter): void {
  const { listener, slots } = mediatorDescriptors;
  sys("prctl", abi.PR_SET_PDEATHSIG, SIGKILL);
  const memory = mapShared(slots, SLOT_COUNT * SLOT_SIZE).bytes;
  const order = Buffer.alloc(ORDER_BYTES);
  for (;;) {
    while (!ready(workerDescriptors.orders, POLLIN, reporter.nextFlush()));
    const got = sys("read", workerDescriptors.orders, order, ORDER_BYTES);
    if (got === -E.INTR) continue;
    if (got !== ORDER_BYTES) break;
    const index = order.readUInt8(8);
    const slot = copyOf(memory, index);
    if (slot.id !== order.readBigUInt64LE(0)) break;
    const { outcome, call } = dispatch(broker, notification(listener, slot));
    let last = outcome;
    while (last.kind === "pending") {
      ready(last.fd, POLLOUT, -1);
      last = attempt(call, last.resume);
    }
    answer(listener, slot, last, reporter);
    call.close();
    sys("write", workerDescriptors.answers, Buffer.from([index]), 1);
  }
}

/** A mediator that lost patience uses the slot for another call while this process may still live for a moment: it must neither read nor write there any more. */
function copyOf(memory: Uint8Array, index: number): Slot {
  return new Slot(memory.slice(index * SLOT_SIZE, (index + 1) * SLOT_SIZE), 0);
}

/** Waits up to `timeout` milliseconds, -1 for ever. */
function ready(fd: number, events: number, timeout: number): boolean {
  const request = Buffer.alloc(8);
  request.writeInt32LE(fd, 0);
  request.writeInt16LE(events, 4);
  return sys("poll", request, 1, timeout) > 0;
}
