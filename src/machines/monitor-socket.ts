import { rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { dirname, join } from "node:path";
import type { MachinePlaces } from "../host/machine-places.ts";
import { makeFolder, modesFor } from "../host/write-whole.ts";
import { listenFor, type Owner } from "./listen-for.ts";

/**
 * The socket at which the emulator connects to its proxy. The proxy never connects to a name that
 * the emulator can make: it could lead to another daemon's socket, and the proxy would connect
 * there as root.
 */
export class MonitorSocket {
  readonly path: string;
  readonly #server: Server;
  /** The emulator's connection; the socket's name is removed as soon as it is made. */
  readonly connection: Promise<Socket>;

  private constructor(path: string, server: Server) {
    this.path = path;
    this.#server = server;
    this.connection = new Promise((resolve) =>
      server.once("connection", (socket) => {
        this.close();
        resolve(socket);
      }),
    );
  }

  static async listen(places: MachinePlaces, name: string, owner: Owner): Promise<MonitorSocket> {
    const path = monitorPath(places, name);
    makeFolder(dirname(path), modesFor(0));
    rmSync(path, { force: true });
    const server = createServer();
    await listenFor(server, path, owner, 1);
    return new MonitorSocket(path, server);
  }

  close(): void {
    this.#server.close();
    rmSync(this.path, { force: true });
  }
}

export function monitorPath(places: MachinePlaces, name: string): string {
  return join(places.sockets, name, "monitor.sock");
}
