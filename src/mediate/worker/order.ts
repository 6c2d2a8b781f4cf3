import type { Slot } from "../loop/slot.ts";

/** A call that a worker is to do. */
export interface Order {
  /** The notification's. */
  readonly id: bigint;
  /** Of its slot. */
  readonly index: number;
  /** With what it is begun ({@link Slot.begin}). */
  readonly hands: number;
}

export const ORDER_BYTES = 13;

/** Gives the call away. */
export function orderFor(slot: Slot): Order {
  return { id: slot.id, index: slot.index, hands: slot.giveToWorker() };
}

export function orderBytes({ id, index, hands }: Order): Buffer {
  const bytes = Buffer.alloc(ORDER_BYTES);
  bytes.writeBigUInt64LE(id, 0);
  bytes.writeUInt8(index, 8);
  bytes.writeUInt32LE(hands, 9);
  return bytes;
}

export function parseOrder(bytes: Buffer): Order {
  return { id: bytes.readBigUInt64LE(0), index: bytes.readUInt8(8), hands: bytes.readUInt32LE(9) };
}
