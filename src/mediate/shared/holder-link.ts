import { POLLIN } from "../../kernel/constants.ts";
import type { Epoll } from "../../kernel/epoll.ts";
import { type Handed, holdsExecs } from "../domain/handed.ts";
import type { DomainLoop } from "../loop/domain-loop.ts";
import { depthOf } from "../loop/held-exec.ts";
import type { InHand } from "../loop/in-hand.ts";
import { NO_DOMAIN } from "../loop/in-hand.ts";
import { close } from "../sys/sys.ts";
import { pidOf } from "./peer.ts";

/**
 * The connection to the holder of a domain that is served. It stays open for as long as the domain
 * is, so that its end tells the holder to look for a successor. Meanwhile either side tells the
 * other that it has left something in the slots.
 */
export class HolderLink {
  readonly #connection: number;
  readonly #epoll: Epoll;
  readonly #watched: number;
  #isClosed = false;

  constructor(
    connection: number,
    { epoll, inHand }: { epoll: Epoll; inHand: InHand },
    loop: DomainLoop,
  ) {
    this.#connection = connection;
    this.#epoll = epoll;
    this.#watched = epoll.add(connection, POLLIN, {
      ready: () => {
        if (!loop.hearHolder()) inHand.run(NO_DOMAIN, () => this.close());
      },
    });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#epoll.remove(this.#watched);
    close(this.#connection);
  }
}

/** What was handed over, with the holder at the other end of a connection. */
export function withHolder(handed: Handed, connection: number): Handed {
  const pid = holdsExecs(handed.slots) ? pidOf(connection) : null;
  const depth = pid === null ? null : depthOf(pid);
  if (pid === null || depth === null) return { ...handed, holder: null };
  return { ...handed, holder: { bell: connection, depth, pid: depth === 0 ? 0 : pid } };
}
