import { struct } from "../../kernel/struct.ts";
import type { Slot } from "../loop/slot.ts";

export interface Order {
  readonly id: bigint;
  readonly index: number;
  /** See {@link Slot.begin}. */
  readonly hands: number;
}

const layout = struct("order", { id: "u64", index: "u8", hands: "u32" }, { packed: true });
export const ORDER_BYTES = layout.size;

export function orderFor(slot: Slot): Order {
  return { id: slot.id, index: slot.index, hands: slot.giveToWorker() };
}

export function orderBytes(order: Order): Buffer {
  return layout.encode({ ...order });
}

export function parseOrder(bytes: Buffer): Order {
  return layout.decode(bytes);
}
