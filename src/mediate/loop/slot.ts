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

/** Bytes of a word, as which the slot is read. */
const WORD = 4;
const FIELDS = offsetsOf(slotLayout);
const STATE = FIELDS.state / WORD;
/** In which mediators tell their successors what was done about the call. */
const HANDS = FIELDS.hands / WORD;
const NOTIFICATION = SLOT_NOTIF_OFFSET / WORD;
const RESPONSE = SLOT_RESPONSE_OFFSET / WORD;
/** Offsets in the notification, bytes. */
const {
  id: CALL_ID,
  pid: CALLER,
  "data.nr": NUMBER,
  "data.arch": ARCHITECTURE,
  "data.args[0]": FIRST_ARGUMENT,
  "data.args[1]": SECOND_ARGUMENT,
} = seccompNotif.offset;
const ARGUMENT_BYTES = SECOND_ARGUMENT - FIRST_ARGUMENT;
/** Words of the response. */
const ANSWERED = seccompNotifResp.offset;
const ID = RESPONSE + ANSWERED.id / WORD;
const VALUE = RESPONSE + ANSWERED.val / WORD;
const ERROR = RESPONSE + ANSWERED.error / WORD;
const FLAGS = RESPONSE + ANSWERED.flags / WORD;
const TAKEN_OVER_MASK = 0xff;
const IN_WORKER = 0x100;
/**
 * It had an effect, or may have; or its mediator answers, and it may have none any more. Whichever
 * is written first holds.
 */
const BEGUN = 0x200;
const GIVEN_UP = 0x400;
/**
 * Above these: the end of the call's id, so that a worker which lost one call never takes a later
 * one in the same slot for it.
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
  /**
   * The same memory in words, in this machine's order as the kernel writes it: a field is one load.
   */
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

  /** How often a mediator died over this call. */
  get takenOver(): number {
    return (this.#words[HANDS] ?? 0) & TAKEN_OVER_MASK;
  }

  /** `blames`: the last mediator may have died over it. No worker has it any more. */
  takeOver(blames: boolean): void {
    this.#words[HANDS] = Math.min(this.takenOver + (blames ? 1 : 0), TAKEN_OVER_MASK);
  }

  /** From here on the holder's, until it is `over`; what it is to do lies there already. */
  hold(): void {
    Atomics.store(this.#words, STATE, slotState.held);
  }

  /** A worker has the call: nobody but it knows how far it has come. */
  get inWorker(): boolean {
    return ((this.#words[HANDS] ?? 0) & IN_WORKER) !== 0;
  }

  /** What comes back is for {@link begin}. */
  giveToWorker(): number {
    const hands = ((this.idLow << ID_SHIFT) | IN_WORKER | this.takenOver) >>> 0;
    this.#words[HANDS] = hands;
    return hands;
  }

  /**
   * By the worker, before an effect; `hands` as {@link giveToWorker} gave it. False when its
   * mediator answers the call: then it must have none.
   */
  begin(hands: number): boolean {
    const found = Atomics.compareExchange(this.#words, HANDS, hands, (hands | BEGUN) >>> 0);
    return found === hands || found === (hands | BEGUN) >>> 0;
  }

  /**
   * By the mediator of a worker that is given up: true when the call had no effect, and from now on
   * it can have none there.
   */
  takeFromWorker(): boolean {
    const hands = Atomics.load(this.#words, HANDS);
    if ((hands & BEGUN) !== 0) return false;
    return Atomics.compareExchange(this.#words, HANDS, hands, (hands | GIVEN_UP) >>> 0) === hands;
  }

  /**
   * Before the next call is received: the kernel insists on zeroed memory. The response stays, the
   * holder reads it.
   */
  clear(): void {
    this.#words[HANDS] = 0;
    for (let word = NOTIFICATION; word < RESPONSE; word++) this.#words[word] = 0;
  }

  /** No mediator has received a call into it. */
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

  /** Of the system call. */
  get number(): number {
    return this.#word(NUMBER) | 0;
  }

  get architecture(): number {
    return this.#word(ARCHITECTURE);
  }

  argument(index: number): bigint {
    return this.notification.readBigUInt64LE(FIRST_ARGUMENT + ARGUMENT_BYTES * index);
  }

  /** The low half of an argument, unsigned. */
  argumentLow(index: number): number {
    return this.#word(FIRST_ARGUMENT + ARGUMENT_BYTES * index);
  }

  argumentHigh(index: number): number {
    return this.#word(FIRST_ARGUMENT + ARGUMENT_BYTES * index + WORD);
  }

  /** Of the notification, by its offset in bytes. */
  #word(offset: number): number {
    return this.#words[NOTIFICATION + offset / WORD] ?? 0;
  }

  answer(value: number, errno: Errno | 0, flags: number): void {
    this.#words[ID] = this.idLow;
    this.#words[ID + 1] = this.idHigh;
    this.#words[VALUE] = value;
    // The high half: a result that is negative stays so.
    this.#words[VALUE + 1] = Math.floor(value / 2 ** 32);
    this.#words[ERROR] = -errno;
    this.#words[FLAGS] = flags;
  }
}
