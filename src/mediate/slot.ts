import { SLOT_NOTIF_OFFSET, SLOT_RESPONSE_OFFSET, SLOT_SIZE, type slotState } from "../plan/slots.ts";
import { SELF_CONFINED_BYTES } from "./self-confined.ts";
import { UNTOLD_BYTES, Untold } from "./untold.ts";

/** struct seccomp_notif_resp. */
const RESPONSE_BYTES = 24;
/** Offset of the word in which mediators tell their successors what was done about the call. */
const HANDS_OFFSET = 4;
const TAKEN_OVER_MASK = 0xff;
const IN_WORKER = 0x100;

/** One slot of the memfd shared with the holder: u32 state, u32 hands, struct seccomp_notif, struct seccomp_notif_resp (seccomp_unotify(2)). */
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

  get state(): number {
    return this.#bytes.readUInt32LE(0);
  }

  set state(value: (typeof slotState)[keyof typeof slotState]) {
    this.#bytes.writeUInt32LE(value, 0);
  }

  /** How often a mediator died over this call. */
  get takenOver(): number {
    return this.#bytes.readUInt32LE(HANDS_OFFSET) & TAKEN_OVER_MASK;
  }

  takeOver(): void {
    const times = Math.min(this.takenOver + 1, TAKEN_OVER_MASK);
    this.#bytes.writeUInt32LE(times, HANDS_OFFSET);
  }

  /** A worker has the call: nobody but it knows how far it has come. */
  get inWorker(): boolean {
    return (this.#bytes.readUInt32LE(HANDS_OFFSET) & IN_WORKER) !== 0;
  }

  giveToWorker(): void {
    this.#bytes.writeUInt32LE(this.#bytes.readUInt32LE(HANDS_OFFSET) | IN_WORKER, HANDS_OFFSET);
  }

  /** Before the next call is received: the kernel insists on zeroed memory. The response stays, the holder reads it. */
  clear(): void {
    this.#bytes.writeUInt32LE(0, HANDS_OFFSET);
    this.notification.fill(0);
  }

  get id(): bigint {
    return this.notification.readBigUInt64LE(0);
  }

  get responseId(): bigint {
    return this.response.readBigUInt64LE(0);
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

/** What the mediators of a domain remember of its processes. */
export function memoryOf(slots: Uint8Array): Buffer {
  return behind(slots, 0, SELF_CONFINED_BYTES);
}

/** Of the domain's mediator, and of that one's worker. */
export function untoldOf(slots: Uint8Array, by: "mediator" | "worker"): Untold {
  return new Untold(behind(slots, by === "mediator" ? 1 : 2, UNTOLD_BYTES));
}

/** Behind the last field of a slot there is room, which no call touches. */
function behind(slots: Uint8Array, index: number, bytes: number): Buffer {
  const offset = index * SLOT_SIZE + SLOT_RESPONSE_OFFSET + RESPONSE_BYTES;
  return Buffer.from(slots.buffer, slots.byteOffset + offset, bytes);
}
