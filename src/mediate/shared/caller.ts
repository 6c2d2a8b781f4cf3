import { MSG_DONTWAIT, MSG_NOSIGNAL } from "../../kernel/constants.ts";
import type { Epoll } from "../../kernel/epoll.ts";
import type { Handed } from "../domain/handed.ts";
import { CALLER_MS_MAX } from "../limits.ts";
import { type InHand, NO_DOMAIN } from "../loop/in-hand.ts";
import type { Timed } from "../loop/timers.ts";
import { POLLIN } from "../sys/abi.ts";
import { close, sys } from "../sys/sys.ts";
import { receiveHandOver } from "./hand-over.ts";
import { refusal } from "./peer.ts";

const TAKEN = Buffer.from([1]);

/** Looks at what was handed over: null to refuse it, or what begins to serve it. */
type Take = (handed: Handed) => (() => void) | null;

/**
 * A holder's connection that has not said yet what it brings, for which it has
 * {@link CALLER_MS_MAX}. Once its domain is taken the connection belongs to that.
 */
export class Caller implements Timed {
  readonly #connection: number;
  readonly #epoll: Epoll;
  readonly #inHand: InHand;
  readonly #watched: number;
  readonly #over: (caller: Caller) => void;
  #isOver = false;
  due = performance.now() + CALLER_MS_MAX;

  /** `over` is told when this one has ended, or its domain is taken. */
  constructor(
    connection: number,
    { epoll, inHand }: { epoll: Epoll; inHand: InHand },
    take: Take,
    over: (caller: Caller) => void,
  ) {
    this.#connection = connection;
    this.#epoll = epoll;
    this.#inHand = inHand;
    this.#over = over;
    this.#watched = epoll.add(connection, POLLIN, { ready: () => this.#hear(take) });
  }

  overdue(): void {
    this.#inHand.run(NO_DOMAIN, () => this.close());
  }

  close(): void {
    if (this.#isOver) return;
    this.#end();
    close(this.#connection);
  }

  #end(): void {
    this.#isOver = true;
    this.due = Number.POSITIVE_INFINITY;
    this.#epoll.remove(this.#watched);
    this.#over(this);
  }

  #hear(take: Take): void {
    let begin: (() => void) | null = null;
    this.#inHand.run(NO_DOMAIN, () => {
      begin = this.#taken(take);
    });
    // A step of the domain's own: what it does then is on its account. The retired loop, which
    // keeps no domain after a step for none, has closed the connection.
    if (begin !== null && !this.#isOver) this.#begin(begin);
  }

  #begin(begin: () => void): void {
    this.#end();
    sys("sendto", this.#connection, TAKEN, TAKEN.length, MSG_DONTWAIT | MSG_NOSIGNAL, null, 0);
    begin();
  }

  #taken(take: Take): (() => void) | null {
    // Again: since it was let in the peer may have entered a domain, with the connection open.
    if (refusal(this.#connection) !== null) {
      this.close();
      return null;
    }
    const arrived = receiveHandOver(this.#connection);
    if (arrived.kind === "nothing") return null;
    const begin = arrived.kind === "handed" ? take(arrived.handed) : null;
    if (begin === null) this.close();
    return begin;
  }
}
