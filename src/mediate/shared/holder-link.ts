import { POLLIN } from "../../kernel/constants.ts";
import type { Epoll } from "../../kernel/epoll.ts";
import { sendDescriptors } from "../../kernel/send-descriptors.ts";
import { mediatorAnswers } from "../../plan/mediator-places.ts";
import { type Handed, holdsExecs } from "../domain/handed.ts";
import type { DomainLoop } from "../loop/domain-loop.ts";
import { depthOf } from "../loop/held-exec.ts";
import { type InHand, NO_DOMAIN } from "../loop/in-hand.ts";
import { abi } from "../sys/abi.ts";
import { close, sys } from "../sys/sys.ts";
import { namespacesOf, pidOf } from "./peer.ts";
import { socketPair } from "./socket-pair.ts";

/** The byte has no meaning; what counts is the descriptor sent with it. */
const NEXT = Buffer.from([mediatorAnswers.next]);

/**
 * The connection to the holder of a served domain. It stays open as long as the domain is served,
 * so that its end tells the holder to look for a successor. In between, either side uses it to tell
 * the other to look at the slots.
 */
export class HolderLink {
  readonly #epoll: Epoll;
  readonly #inHand: InHand;
  readonly #connection: number;
  readonly #loop: DomainLoop;
  #isInherited: boolean;
  #watched: number;
  #isClosed: boolean;

  /** `isInherited`: an earlier mediator has the connection, too. */
  constructor(
    connection: number | null,
    isInherited: boolean,
    { epoll, inHand }: { epoll: Epoll; inHand: InHand },
    loop: DomainLoop,
  ) {
    this.#loop = loop;
    this.#connection = connection ?? -1;
    this.#isClosed = connection === null;
    this.#isInherited = isInherited;
    this.#epoll = epoll;
    this.#inHand = inHand;
    this.#watched = this.#watch();
  }

  get connection(): number | null {
    return this.#isClosed ? null : this.#connection;
  }

  /**
   * Replaces a connection that the previous mediator also has. That mediator may hang and keep it
   * open, so that the holder would not see this process end. The new connection keeps its
   * descriptor number, which other objects hold. The holder rings as soon as it has its end.
   */
  renew(): void {
    if (!this.#isInherited || this.#isClosed) return;
    this.#isInherited = false;
    const ends = socketPair();
    if (ends === null) return;
    const sent = sendDescriptors(this.#connection, NEXT, [ends.its]);
    close(ends.its);
    if (sent) {
      this.#epoll.remove(this.#watched);
      sys("dup3", ends.own, this.#connection, abi.O_CLOEXEC);
      this.#watched = this.#watch();
    }
    close(ends.own);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#epoll.remove(this.#watched);
    close(this.#connection);
  }

  #watch(): number {
    if (this.#isClosed) return 0;
    return this.#epoll.add(this.#connection, POLLIN, {
      ready: () => {
        if (!this.#loop.hearHolder()) this.#inHand.run(NO_DOMAIN, () => this.close());
      },
    });
  }
}

/**
 * Ends a connection that an earlier mediator also has, perhaps forever: the holder is sent another
 * one in its place, whose other end is closed.
 */
export function endConnection(connection: number): void {
  const ends = socketPair();
  if (ends !== null) {
    sendDescriptors(connection, NEXT, [ends.its]);
    close(ends.its);
    close(ends.own);
  }
  close(connection);
}

export function withHolder(handed: Handed, connection: number): Handed {
  const namespaces = namespacesOf(connection);
  const pid = holdsExecs(handed.slots) ? pidOf(connection) : null;
  const depth = pid === null ? null : depthOf(pid);
  if (pid === null || depth === null) return { ...handed, ...namespaces, holder: null };
  const holder = { bell: connection, depth, pid: depth === 0 ? 0 : pid };
  return { ...handed, ...namespaces, holder };
}
