import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createInterface, type Interface } from "node:readline";
import { expect, vi } from "vitest";

/** A socket that is not served after so many milliseconds does not come. */
const SOCKET_MS_MAX = 120_000;

async function connected(path: string): Promise<Socket> {
  const socket = connect(path);
  await once(socket, "connect");
  return socket;
}

/** A client of QMP. */
export class Qmp {
  readonly #socket: Socket;
  readonly #lines: AsyncIterator<string>;

  private constructor(socket: Socket, lines: Interface) {
    this.#socket = socket;
    this.#lines = lines[Symbol.asyncIterator]();
  }

  static async connect(path: string): Promise<Qmp> {
    // A socket has its name before it listens.
    const socket = await vi.waitFor(() => connected(path), { timeout: SOCKET_MS_MAX });
    const client = new Qmp(socket, createInterface({ input: socket }));
    expect(await client.next()).toHaveProperty("QMP.version");
    expect(await client.ask("qmp_capabilities")).toEqual({ return: {} });
    return client;
  }

  // biome-ignore lint/suspicious/noExplicitAny: answers are looked at member by member.
  async next(): Promise<any> {
    const { value } = await this.#lines.next();
    return JSON.parse(value);
  }

  // biome-ignore lint/suspicious/noExplicitAny: answers are looked at member by member.
  async ask(execute: string, args?: Record<string, unknown>): Promise<any> {
    this.#socket.write(`${JSON.stringify({ execute, arguments: args })}\n`);
    for (;;) {
      const message = await this.next();
      if (!("event" in message)) return message;
    }
  }

  close(): void {
    this.#socket.destroy();
  }
}
