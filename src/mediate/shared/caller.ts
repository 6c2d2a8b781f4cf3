import { MSG_DONTWAIT, MSG_NOSIGNAL } from "../../kernel/constants.ts";
import type { Epoll } from "../../kernel/epoll.ts";
import type { Handed } from "../domain/handed.ts";
import { CALLER_MS_MAX } from "../limits.ts";
import type { Timed } from "../loop/timers.ts";
import { POLLIN } from "../sys/abi.ts";
import { close, sys } from "../sys/sys.ts";
import { receiveHandOver } from "./hand-over.ts";
import { refusal } from "./peer.ts";

const TAKEN = Buffer.from([1]);

/**
 * A holder's connection. It says one thing, within {@link CALLER_MS_MAX}; afterwards the connection
 * stays open for as long as the domain is served, so that its end tells the holder to look for a
 * successor.
 */
export class Caller implements Timed {
  readonly #connection: number;
  readonly #epoll: Epoll;
  readonly #watched: number;
  readonly #ended: (caller: Caller) => void;
  #isClosed = false;
  due = performance.now() + CALLER_MS_MAX;

  /**
   * `take` answers whether the domain is served now; `ended` is told when the connection is closed.
   */
  constructor(
    connection: number,
    epoll: Epoll,
    take: (handed: Handed, caller: Caller) => boolean,
    ended: (caller: Caller) => void,
  ) {
    this.#connection = connection;
    this.#epoll = epoll;
    this.#ended = ended;
    this.#watched = epoll.add(connection, POLLIN, {
      ready: () => {
        if (this.isServed) this.close();
        else this.#hear(take);
      },
    });
  }

  get isServed(): boolean {
    return this.due === Number.POSITIVE_INFINITY;
  }

  overdue(): void {
    this.close();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#epoll.remove(this.#watched);
    close(this.#connection);
    this.#ended(this);
  }

  #hear(take: (handed: Handed, caller: Caller) => boolean): void {
    // Again: since it was let in the peer may have entered a domain, with the connection open.
    if (refusal(this.#connection) !== null) {
      this.close();
      return;
    }
    const arrived = receiveHandOver(this.#connection);
    if (arrived.kind === "nothing") return;
    if (arrived.kind === "wrong" || !take(arrived.handed, this)) {
      this.close();
      return;
    }
    this.due = Number.POSITIVE_INFINITY;
    this.#epoll.change(this.#watched, 0);
    sys("sendto", this.#connection, TAKEN, TAKEN.length, MSG_DONTWAIT | MSG_NOSIGNAL, null, 0);
  }
}
