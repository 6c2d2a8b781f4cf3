import { name as syscallName } from "../kernel/syscalls.ts";
import { slotState } from "../plan/slots.ts";
import { abi } from "./abi.ts";
import type { Notification } from "./call.ts";
import type { Slot } from "./slot.ts";
import { sys } from "./sys.ts";

/** What a slot holds. */
export function notification(listener: number, slot: Slot): Notification {
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
