import { SLOT_NOTIF_OFFSET, SLOT_RESPONSE_OFFSET, SLOT_SIZE, type slotState } from "../plan/slots.ts";

/** struct seccomp_notif_resp. */
const RESPONSE_BYTES = 24;

/** One slot of the memfd shared with the holder: u32 state, u32 reserved, struct seccomp_notif, struct seccomp_notif_resp (seccomp_unotify(2)). */
export class Slot {
  readonly index: number;
  readonly notification: Buffer;
  readonly response: Buffer;
  readonly #bytes: Buffer;

  constructor(memory: Uint8Array, index: number) {
    this.index = index;
    this.#bytes = Buffer.from(memory.buffer, memory.byteOffset + index * SLOT_SIZE, SLOT_SIZE);
    this.notification = this.#bytes.subarray(SLOT_NOTIF_OFFSET, SLOT_RESPONSE_OFFSET);
    this.response = this.#bytes.subarray(SLOT_RESPONSE_OFFSET, SLOT_RESPONSE_OFFSET + RESPONSE_BYTES);
  }

  set state(value: (typeof slotState)[keyof typeof slotState]) {
    this.#bytes.writeUInt32LE(value, 0);
  }

  get id(): bigint {
    return this.notification.readBigUInt64LE(0);
  }

  get tid(): number {
    return this.notification.readUInt32LE(8);
  }

  /** struct seccomp_data: number, architecture, instruction pointer, six arguments. */
  get number(): number {
    return this.notification.readInt32LE(16);
  }

  get architecture(): number {
    return this.notification.readUInt32LE(20);
  }

  argument(index: number): bigint {
    return this.notification.readBigUInt64LE(32 + 8 * index);
  }

  /** The low half of an argument, unsigned. */
  argumentLow(index: number): number {
    return this.notification.readUInt32LE(32 + 8 * index);
  }

  answer(value: bigint, errno: number, flags: number): void {
    this.response.writeBigUInt64LE(this.id, 0);
    this.response.writeBigInt64LE(value, 8);
    this.response.writeInt32LE(-errno, 16);
    this.response.writeUInt32LE(flags, 20);
  }
}
