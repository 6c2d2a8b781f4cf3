import { SLOT_COUNT } from "../plan/slots.ts";
import { E, POLLHUP, POLLIN, POLLOUT } from "./abi.ts";
import type { Call } from "./call.ts";
import type { Pending } from "./outcome.ts";
import type { Slot } from "./slot.ts";
import { sys } from "./sys.ts";

/** A call that was begun and waits for its socket. */
export interface WaitingCall {
  readonly slot: Slot;
  readonly call: Call;
  readonly pending: Pending;
}

export interface Woken {
  /** Calls to go on with, no longer waiting. */
  readonly ready: readonly WaitingCall[];
  /** A new call can be received. */
  readonly asked: boolean;
  /** The worker has answered a call, or ended. */
  readonly worked: boolean;
  /** The last process under the filter is gone. */
  readonly gone: boolean;
}

/** Calls in flight beside the one that is being decided; as many as there are slots. */
export class Waiting {
  #calls: WaitingCall[] = [];
  /** struct pollfd (poll(2)): the listener, the worker's answers, then one for each call. */
  readonly #requests = Buffer.alloc(8 * (SLOT_COUNT + 2));

  add(call: WaitingCall): void {
    this.#calls.push(call);
  }

  /** Waits until something can be done, or `timeout` milliseconds (-1: for ever). */
  poll(listener: number, worker: number | null, timeout: number): Woken {
    const requests = this.#requests;
    requests.writeInt32LE(listener, 0);
    requests.writeInt16LE(POLLIN, 4);
    requests.writeInt32LE(worker ?? -1, 8);
    requests.writeInt16LE(POLLIN, 12);
    for (const [index, { pending }] of this.#calls.entries()) {
      requests.writeInt32LE(pending.fd, 8 * index + 16);
      requests.writeInt16LE(POLLOUT, 8 * index + 20);
    }
    const count = sys("poll", requests, this.#calls.length + 2, timeout);
    if (count < 0 && count !== -E.INTR) throw new Error(`poll: error ${-count}`);
    const events = (index: number): number => (count > 0 ? requests.readInt16LE(8 * index + 6) : 0);
    const asked = (events(0) & POLLIN) !== 0;
    const gone = !asked && (events(0) & POLLHUP) !== 0;
    const worked = events(1) !== 0;
    if (this.#calls.length === 0) return { ready: [], asked, worked, gone };
    const ready = this.#calls.filter((_, index) => events(index + 2) !== 0);
    this.#calls = this.#calls.filter((_, index) => events(index + 2) === 0);
    return { ready, asked, worked, gone };
  }
}
