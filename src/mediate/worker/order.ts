import { struct } from "../../kernel/struct.ts";
import type { Slot } from "../loop/slot.ts";

/** A call for a worker. */
export interface Order {
  /** The notification's id. */
  readonly id: bigint;
  /** The index of its slot. */
  readonly index: number;
  /** The value with which the call is begun ({@link Slot.begin}). */
  readonly hands: number;
}

const layout = struct("order", { id: "u64", index: "u8", hands: "u32" }, { packed: true });
export const ORDER_BYTES = layout.size;

/** Marks the slot's call as given to a worker. */
export function orderFor(slot: Slot): Order {
  return { id: slot.id, index: slot.index, hands: slot.giveToWorker() };
}

export function orderBytes(order: Order): Buffer {
  return layout.encode({ ...order });
}

export function parseOrder(bytes: Buffer): Order {
  return layout.decode(bytes);
}
