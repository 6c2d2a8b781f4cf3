import type { Epoll } from "../../kernel/epoll.ts";
import type { Pending } from "../answer/outcome.ts";
import type { Call } from "../calls/call.ts";
import { POLLOUT } from "../sys/abi.ts";
import type { Slot } from "./slot.ts";

/** A call that was begun and waits for a descriptor. */
export interface WaitingCall {
  readonly slot: Slot;
  readonly call: Call;
  readonly pending: Pending;
}

/**
 * Calls of one domain in flight beside the one that is being decided; as many as there are slots.
 */
export class Waiting {
  readonly #epoll: Epoll;
  readonly #resume: (call: WaitingCall) => void;
  readonly #watched = new Map<number, WaitingCall>();

  constructor(epoll: Epoll, resume: (call: WaitingCall) => void) {
    this.#epoll = epoll;
    this.#resume = resume;
  }

  /** false where its descriptor cannot be waited for. */
  add(waiting: WaitingCall): boolean {
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

  /** Nobody waits for them any more. */
  clear(): void {
    for (const [number, { call }] of this.#watched) {
      this.#epoll.remove(number);
      call.close();
    }
    this.#watched.clear();
  }
}
