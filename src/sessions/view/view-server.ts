import { join } from "node:path";
import { accepted, type Caller } from "../../agent/api/peer.ts";
import { ApiServer } from "../../agent/api/server.ts";
import { listen } from "../../agent/listen.ts";
import type { Places } from "../../host/places.ts";
import type { SocketPeer } from "../../kernel/peer.ts";
import { shellRunOf } from "../peer.ts";
import type { Passed } from "../verb.ts";
import { Collector } from "./collector.ts";
import { VIEW_IDLE_MS } from "./limits.ts";
import { Observer } from "./observer.ts";
import { type View, viewRoutes } from "./routes.ts";

/**
 * Serves what domain `shell` may see of the host, to `cofferdam top` and `cofferdam support` inside
 * the domain. It changes nothing, and uses nothing from a request.
 */
export class ViewServer implements Passed {
  readonly kind = "passed";
  readonly to: string;
  readonly #server: ApiServer<View>;
  /** Peers whose attendant has not connected here yet, by the attendant's process id. */
  readonly #coming = new Map<number, SocketPeer>();

  constructor(places: Places, log: (text: string) => void) {
    this.to = join(places.system.sessions.behind, "view.sock");
    this.#server = new ApiServer<View>({
      subject: { observer: new Observer(places), collector: new Collector(places, log) },
      routes: viewRoutes,
      behind: (attendant) => this.#behind(attendant),
      judge: (peer) => judgeViewer(peer, places),
      ...{ log, idleMs: VIEW_IDLE_MS },
    });
  }

  /** The caller must hold the lock of the socket's directory. */
  async open(): Promise<void> {
    await listen(this.#server.server, this.to);
  }

  came(attendant: number, peer: SocketPeer): void {
    this.#coming.set(attendant, peer);
  }

  left(attendant: number): void {
    this.#coming.get(attendant)?.close();
    this.#coming.delete(attendant);
  }

  #behind(attendant: SocketPeer): SocketPeer | null {
    attendant.close();
    const peer = this.#coming.get(attendant.pid) ?? null;
    this.#coming.delete(attendant.pid);
    return peer;
  }

  async close(): Promise<void> {
    await this.#server.close();
  }
}

function judgeViewer(peer: SocketPeer, places: Places): Caller {
  const run = shellRunOf(peer, places);
  if (typeof run === "number") return accepted(peer);
  return {
    state: "refused",
    why: run,
    help: "outside of it cofferdam top and cofferdam support look for themselves",
  };
}
