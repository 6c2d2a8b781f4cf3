import { rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { dirname, join } from "node:path";
import type { MachinePlaces } from "../host/machine-places.ts";
import { makeFolder, modesFor } from "../host/write-whole.ts";
import { listenFor, type Owner } from "./listen-for.ts";

/**
 * Where the emulator connects to its proxy. It connects to us and not we to it: what lies under a
 * name that it may make, another daemon's socket say, would else be reached with root's rights.
 */
export class MonitorSocket {
  readonly path: string;
  readonly #server: Server;
  /** The emulator's connection; the name is gone as soon as it is there. */
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

  /** `owner`: the user that the emulator runs as. */
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
