import type { Epoll } from "../../kernel/epoll.ts";
import type { Pending } from "../answer/outcome.ts";
import type { Call } from "../calls/call.ts";
import { POLLOUT } from "../sys/abi.ts";
import type { Slot } from "./slot.ts";

export interface PendingCall {
  readonly slot: Slot;
  readonly call: Call;
  readonly pending: Pending;
}

/**
 * Calls of one domain that the loop has begun and not answered, except the one it decides now.
 * Bounded by the number of slots.
 */
export class PendingCalls {
  readonly #epoll: Epoll;
  readonly #resume: (call: PendingCall) => void;
  readonly #watched = new Map<number, PendingCall>();

  constructor(epoll: Epoll, resume: (call: PendingCall) => void) {
    this.#epoll = epoll;
    this.#resume = resume;
  }

  /** Returns false if the call's descriptor cannot be waited for. */
  add(waiting: PendingCall): boolean {
    const { fd, events = POLLOUT } = waiting.pending;
    const number = this.#epoll.add(fd, events, {
      ready: () => {
        this.#epoll.remove(number);
        this.#watched.delete(number);
        waiting.call.broker.refresh();
        this.#resume(waiting);
      },
    });
    if (number < 0) return false;
    this.#watched.set(number, waiting);
    return true;
  }

  clear(): void {
    for (const [number, { call }] of this.#watched) {
      this.#epoll.remove(number);
      call.close();
    }
    this.#watched.clear();
  }
}
