import { MSG_DONTWAIT, MSG_NOSIGNAL } from "../../kernel/constants.ts";
import type { Epoll } from "../../kernel/epoll.ts";
import { mediatorAnswers } from "../../plan/mediator-places.ts";
import type { Handed } from "../domain/handed.ts";
import { CALLER_MS_MAX } from "../limits.ts";
import { type InHand, NO_DOMAIN } from "../loop/in-hand.ts";
import type { Timed } from "../loop/timers.ts";
import { POLLIN } from "../sys/abi.ts";
import { close, sys } from "../sys/sys.ts";
import { receiveHandOver } from "./hand-over.ts";
import { refusal } from "./peer.ts";

const TAKEN = Buffer.from([mediatorAnswers.taken]);
const ELSEWHERE = Buffer.from([mediatorAnswers.elsewhere]);

export interface Reception {
  /**
   * Decides about a domain that was handed over. Returns the function that begins to serve it,
   * `elsewhere` if the run is to have a mediator of its own, or null to refuse it.
   */
  take(handed: Handed): (() => void) | "elsewhere" | null;
  /** Whether a run of this plan would be taken. The caller keeps the descriptor. */
  hasRoomFor(plan: number): boolean;
}

/**
 * A holder's connection that has not handed anything over yet. It has {@link CALLER_MS_MAX} to do
 * so. Afterwards the connection belongs to the domain.
 */
export class Caller implements Timed {
  readonly #connection: number;
  readonly #epoll: Epoll;
  readonly #inHand: InHand;
  readonly #watched: number;
  readonly #over: (caller: Caller) => void;
  #isOver = false;
  due = performance.now() + CALLER_MS_MAX;

  /** `over` is called when this caller has ended or its domain is taken. */
  constructor(
    connection: number,
    { epoll, inHand }: { epoll: Epoll; inHand: InHand },
    reception: Reception,
    over: (caller: Caller) => void,
  ) {
    this.#connection = connection;
    this.#epoll = epoll;
    this.#inHand = inHand;
    this.#over = over;
    this.#watched = epoll.add(connection, POLLIN, { ready: () => this.#hear(reception) });
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

  #hear(reception: Reception): void {
    let begin: (() => void) | null = null;
    this.#inHand.run(NO_DOMAIN, () => {
      begin = this.#taken(reception);
    });
    // A step of its own, so that the new domain is blamed for its own work. If the loop was retired
    // in the step before, the connection is closed already.
    if (begin !== null && !this.#isOver) this.#begin(begin);
  }

  #begin(begin: () => void): void {
    this.#end();
    this.#say(TAKEN);
    begin();
  }

  #say(word: Buffer): void {
    sys("sendto", this.#connection, word, word.length, MSG_DONTWAIT | MSG_NOSIGNAL, null, 0);
  }

  #taken(reception: Reception): (() => void) | null {
    // Checked again: the peer may have entered a domain since it was let in, with the connection
    // open.
    if (refusal(this.#connection) !== null) {
      this.close();
      return null;
    }
    const arrived = receiveHandOver(this.#connection);
    if (arrived.kind === "nothing") return null;
    if (arrived.kind === "asked") {
      this.#say(reception.hasRoomFor(arrived.plan) ? TAKEN : ELSEWHERE);
      close(arrived.plan);
    }
    const begin = arrived.kind === "handed" ? reception.take(arrived.handed) : null;
    if (typeof begin === "function") return begin;
    if (begin === "elsewhere") this.#say(ELSEWHERE);
    this.close();
    return null;
  }
}
