import { seccompNotif, seccompNotifResp } from "../../kernel/structs.ts";
import { offsetsOf } from "../../plan/layout.ts";
import {
  SLOT_BEHIND_OFFSET,
  SLOT_NOTIF_OFFSET,
  SLOT_RESPONSE_OFFSET,
  SLOT_SIZE,
  slot as slotLayout,
  slotState,
} from "../../plan/slots.ts";
import type { Errno } from "../sys/errno.ts";

/** The slot is read as words. */
const WORD = 4;
const FIELDS = offsetsOf(slotLayout);
const STATE = FIELDS.state / WORD;
/** The word in which a mediator tells its successor what was done about the call. */
const HANDS = FIELDS.hands / WORD;
const NOTIFICATION = SLOT_NOTIF_OFFSET / WORD;
const RESPONSE = SLOT_RESPONSE_OFFSET / WORD;
/** Byte offsets in the notification. */
const {
  id: CALL_ID,
  pid: CALLER,
  "data.nr": NUMBER,
  "data.arch": ARCHITECTURE,
  "data.args[0]": FIRST_ARGUMENT,
  "data.args[1]": SECOND_ARGUMENT,
} = seccompNotif.offset;
const ARGUMENT_BYTES = SECOND_ARGUMENT - FIRST_ARGUMENT;
/** Word offsets in the response. */
const ANSWERED = seccompNotifResp.offset;
const ID = RESPONSE + ANSWERED.id / WORD;
const VALUE = RESPONSE + ANSWERED.val / WORD;
const ERROR = RESPONSE + ANSWERED.error / WORD;
const FLAGS = RESPONSE + ANSWERED.flags / WORD;
const TAKEN_OVER_MASK = 0xff;
const IN_WORKER = 0x100;
/**
 * The call has had an effect or may have had one. This bit and {@link GIVEN_UP} exclude each other:
 * the first one written holds.
 */
const BEGUN = 0x200;
/** The mediator answers the call itself, and its worker must not begin an effect any more. */
const GIVEN_UP = 0x400;
/**
 * The low bits of the call's id lie above the flags, so that a worker that lost its call never
 * mistakes a later call in the same slot for it.
 */
const ID_SHIFT = 16;

/**
 * One slot of the memfd shared with the holder: state, hands, struct seccomp_notif, struct
 * seccomp_notif_resp (seccomp_unotify(2)).
 */
export class Slot {
  readonly index: number;
  readonly notification: Buffer;
  readonly response: Buffer;
  /** Words make reading a field one load. */
  readonly #words: Uint32Array;

  constructor(memory: Uint8Array, index: number) {
    const offset = memory.byteOffset + index * SLOT_SIZE;
    const bytes = Buffer.from(memory.buffer, offset, SLOT_SIZE);
    this.index = index;
    this.notification = bytes.subarray(SLOT_NOTIF_OFFSET, SLOT_RESPONSE_OFFSET);
    this.response = bytes.subarray(SLOT_RESPONSE_OFFSET, SLOT_BEHIND_OFFSET);
    this.#words = new Uint32Array(memory.buffer, offset, SLOT_SIZE / WORD);
  }

  get state(): number {
    return this.#words[STATE] ?? 0;
  }

  set state(value: (typeof slotState)[keyof typeof slotState]) {
    this.#words[STATE] = value;
  }

  /** How many mediators died while they had this call. */
  get takenOver(): number {
    return (this.#words[HANDS] ?? 0) & TAKEN_OVER_MASK;
  }

  /**
   * Takes the call over from a dead mediator and from its worker. `blames`: the mediator may have
   * died because of this call.
   */
  takeOver(blames: boolean): void {
    this.#words[HANDS] = Math.min(this.takenOver + (blames ? 1 : 0), TAKEN_OVER_MASK);
  }

  /** Gives the slot to the holder until its state is `over`. The order must be written before. */
  hold(): void {
    Atomics.store(this.#words, STATE, slotState.held);
  }

  /** Only the worker knows how far it has come. */
  get inWorker(): boolean {
    return ((this.#words[HANDS] ?? 0) & IN_WORKER) !== 0;
  }

  /** Returns the value that the worker passes to {@link begin}. */
  giveToWorker(): number {
    const hands = ((this.idLow << ID_SHIFT) | IN_WORKER | this.takenOver) >>> 0;
    this.#words[HANDS] = hands;
    return hands;
  }

  /**
   * Called by the worker before an effect, with the value of {@link giveToWorker}. Returns false if
   * the mediator answers the call: the worker must then have no effect.
   */
  begin(hands: number): boolean {
    const found = Atomics.compareExchange(this.#words, HANDS, hands, (hands | BEGUN) >>> 0);
    return found === hands || found === (hands | BEGUN) >>> 0;
  }

  /**
   * Called by the mediator that gives up on a worker. Returns true if the call has had no effect;
   * the worker can then no longer begin one.
   */
  takeFromWorker(): boolean {
    const hands = Atomics.load(this.#words, HANDS);
    if ((hands & BEGUN) !== 0) return false;
    return Atomics.compareExchange(this.#words, HANDS, hands, (hands | GIVEN_UP) >>> 0) === hands;
  }

  /**
   * The kernel requires zeroed memory to receive into. The response stays for the holder to read.
   */
  clear(): void {
    this.#words[HANDS] = 0;
    for (let word = NOTIFICATION; word < RESPONSE; word++) this.#words[word] = 0;
  }

  /** No mediator has ever received a call into this slot. */
  get isUntouched(): boolean {
    return this.id === 0n && this.responseId === 0n && this.state === slotState.free;
  }

  get id(): bigint {
    return this.notification.readBigUInt64LE(CALL_ID);
  }

  get idLow(): number {
    return this.#word(CALL_ID);
  }

  get idHigh(): number {
    return this.#word(CALL_ID + WORD);
  }

  get responseId(): bigint {
    return this.response.readBigUInt64LE(ANSWERED.id);
  }

  get tid(): number {
    return this.#word(CALLER);
  }

  get number(): number {
    return this.#word(NUMBER) | 0;
  }

  get architecture(): number {
    return this.#word(ARCHITECTURE);
  }

  argument(index: number): bigint {
    return this.notification.readBigUInt64LE(FIRST_ARGUMENT + ARGUMENT_BYTES * index);
  }

  argumentLow(index: number): number {
    return this.#word(FIRST_ARGUMENT + ARGUMENT_BYTES * index);
  }

  argumentHigh(index: number): number {
    return this.#word(FIRST_ARGUMENT + ARGUMENT_BYTES * index + WORD);
  }

  #word(offset: number): number {
    return this.#words[NOTIFICATION + offset / WORD] ?? 0;
  }

  answer(value: number, errno: Errno | 0, flags: number): void {
    this.#words[ID] = this.idLow;
    this.#words[ID + 1] = this.idHigh;
    this.#words[VALUE] = value;
    // The high half carries the sign of a negative result.
    this.#words[VALUE + 1] = Math.floor(value / 2 ** 32);
    this.#words[ERROR] = -errno;
    this.#words[FLAGS] = flags;
  }
}
