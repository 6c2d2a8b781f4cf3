import { quick } from "../../kernel/quick.ts";
import { slotState } from "../../plan/slots.ts";
import type { Notification } from "../calls/call.ts";
import { abi } from "../sys/abi.ts";
import type { Slot } from "./slot.ts";

/**
 * The call in a slot. A worker gives `started`, which is called before an effect and instead of
 * marking the slot; a worker's call can never be marked as undone.
 */
export function notification(
  listener: number,
  slot: Slot,
  started: (() => void) | null = null,
): Notification {
  return new InSlot(listener, slot, started);
}

class InSlot implements Notification {
  readonly tid: number;
  readonly number: number;
  readonly #listener: number;
  readonly #slot: Slot;
  /** Kept here because the slot may be reused. */
  readonly #id: number;
  readonly #idHigh: number;

  readonly #started: (() => void) | null;

  constructor(listener: number, slot: Slot, started: (() => void) | null) {
    this.tid = slot.tid;
    this.number = slot.number;
    this.#listener = listener;
    this.#slot = slot;
    this.#id = slot.idLow;
    this.#idHigh = slot.idHigh;
    this.#started = started;
  }

  word(index: number): bigint {
    return this.#slot.argument(index);
  }

  low(index: number): number {
    return this.#slot.argumentLow(index);
  }

  stillWaiting(): boolean {
    id[0] = this.#id;
    id[1] = this.#idHigh;
    return quick.ioctl(this.#listener, abi.SECCOMP_IOCTL_NOTIF_ID_VALID, idBytes) === 0;
  }

  started(): void {
    if (this.#started === null) this.#slot.state = slotState.started;
    else this.#started();
  }

  undone(): void {
    if (this.#started === null) this.#slot.state = slotState.received;
  }
}

/** A 64-bit id in this machine's byte order, as two halves. */
const id = new Uint32Array(2);
const idBytes = Buffer.from(id.buffer);
