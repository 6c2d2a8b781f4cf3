import type { Epoll } from "../../kernel/epoll.ts";
import type { InHand } from "../loop/in-hand.ts";
import { NO_DOMAIN } from "../loop/in-hand.ts";
import { close } from "../sys/sys.ts";

/**
 * The connection to the holder of a domain that is served. It stays open for as long as the domain
 * is, so that its end tells the holder to look for a successor.
 */
export class HolderLink {
  readonly #connection: number;
  readonly #epoll: Epoll;
  readonly #watched: number;
  #isClosed = false;

  constructor(connection: number, { epoll, inHand }: { epoll: Epoll; inHand: InHand }) {
    this.#connection = connection;
    this.#epoll = epoll;
    this.#watched = epoll.add(connection, 0, {
      ready: () => inHand.run(NO_DOMAIN, () => this.close()),
    });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#epoll.remove(this.#watched);
    close(this.#connection);
  }
}
