import { once } from "node:events";
import * as fs from "node:fs";
import { createServer, type Server as NetServer } from "node:net";
import { SHARED_FILE } from "../../src/base/modes.ts";

/**
 * A server outside every domain: a TCP port on the loopback, and a unix socket that every user may
 * use.
 */
export class Server {
  readonly path: string;
  private readonly tcp: NetServer = createServer((socket) => socket.destroy());
  private readonly unix: NetServer = createServer((socket) => socket.destroy());

  constructor(path: string) {
    this.path = path;
  }

  async open(): Promise<{ readonly port: number }> {
    this.tcp.listen(0, "127.0.0.1");
    this.unix.listen(this.path);
    await Promise.all([once(this.tcp, "listening"), once(this.unix, "listening")]);
    fs.chmodSync(this.path, SHARED_FILE);
    const address = this.tcp.address();
    if (address === null || typeof address === "string") throw new Error("the server has no port");
    return { port: address.port };
  }

  async close(): Promise<void> {
    for (const server of [this.tcp, this.unix]) {
      const closed = once(server, "close");
      server.close();
      await closed;
    }
  }
}
