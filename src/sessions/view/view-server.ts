import { accepted, type Caller } from "../../agent/api/peer.ts";
import { ApiServer } from "../../agent/api/server.ts";
import { listen } from "../../agent/listen.ts";
import type { Places } from "../../host/places.ts";
import type { SocketPeer } from "../../kernel/peer.ts";
import { shellRunOf } from "../peer.ts";
import { Collector } from "./collector.ts";
import { VIEW_IDLE_MS } from "./limits.ts";
import { Observer } from "./observer.ts";
import { type View, viewRoutes } from "./routes.ts";

/** What domain `shell` may see of the host: `cofferdam top` and `cofferdam support` in there ask it. It changes nothing, and takes nothing from a request. */
export class ViewServer {
  readonly #server: ApiServer<View>;

  private constructor(server: ApiServer<View>) {
    this.#server = server;
  }

  /** The caller holds the lock of the socket's folder. */
  static async open(places: Places, log: (text: string) => void): Promise<ViewServer> {
    const server = new ApiServer<View>({
      subject: { observer: new Observer(places), collector: new Collector(places, log) },
      routes: viewRoutes,
      judge: (peer) => judgeViewer(peer, places.system.runs),
      ...{ log, idleMs: VIEW_IDLE_MS },
    });
    await listen(server.server, places.system.sessions.view);
    return new ViewServer(server);
  }

  async close(): Promise<void> {
    await this.#server.close();
  }
}

function judgeViewer(peer: SocketPeer, runs: string): Caller {
  const run = shellRunOf(peer, runs);
  if (typeof run === "number") return accepted(peer);
  return { state: "refused", why: run, help: "outside of it cofferdam top and cofferdam support look for themselves" };
}
