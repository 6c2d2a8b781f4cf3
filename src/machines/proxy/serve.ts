import { lstatSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { HostError } from "../../host/host-error.ts";
import type { Places } from "../../host/places.ts";
import type { Monitor } from "../description.ts";
import { listenFor, type Owner } from "../listen-for.ts";
import type { Machine } from "../machine.ts";
import { Commands } from "./commands.ts";
import { Emulator } from "./emulator.ts";
import { type Message, onMessages, send } from "./lines.ts";

/**
 * Commands of one client, and events of the emulator, that may wait for their turn. The connection
 * of a sender that exceeds it is closed.
 */
const WAITING_MAX = 10_000;

export interface Served {
  readonly places: Places;
  readonly machine: Machine;
  readonly monitors: readonly Monitor[];
  readonly owner: Owner;
  /** The connection to the emulator's monitor, before its greeting is read. */
  readonly emulator: Socket;
}

/**
 * Serves QMP instead of the emulator, while the emulator is connected. Grants what a command names
 * before it passes the command on.
 * @throws HostError if a socket cannot be served
 */
export async function serveMonitor({
  places,
  machine,
  monitors,
  owner,
  emulator: socket,
}: Served): Promise<void> {
  const emulator = new Emulator(socket);
  const commands = new Commands(places, machine, (command) => emulator.execute(command));
  const clients = new Set<Socket>();
  let waiting = 0;
  emulator.onEvent((event) => {
    waiting += 1;
    if (waiting > WAITING_MAX) socket.destroy();
    // Withdraws the grant before the client learns that the device is gone, since the client may
    // rely on that.
    const pass = (): void => {
      for (const client of clients) send(client, event);
    };
    const told = commands.told(event).then(pass, (error: unknown) => {
      process.stderr.write(`cofferdam: what is gone is still granted: ${String(error)}\n`);
      pass();
    });
    void told.then(() => {
      waiting -= 1;
    });
  });
  const servers = monitors.map(({ path }) => {
    const server = createServer((client) => serveClient(client, emulator, commands, clients));
    return { server, path };
  });
  socket.once("close", () => {
    for (const { server } of servers) server.close();
    for (const client of clients) client.destroy();
  });
  for (const { server, path } of servers) await listenAt(server, path, owner);
}

async function listenAt(server: Server, path: string, owner: Owner): Promise<void> {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true) rmSync(path);
  try {
    await listenFor(server, path, owner);
  } catch (error) {
    if (error instanceof HostError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new HostError(
      `QMP cannot be served at ${path}: ${why}`,
      "name a socket in a folder that is there",
    );
  }
}

function serveClient(
  client: Socket,
  emulator: Emulator,
  commands: Commands,
  clients: Set<Socket>,
): void {
  void emulator.greeting.then((greeting) => send(client, greeting));
  client.on("error", () => client.destroy());
  client.once("close", () => clients.delete(client));
  let waiting = 0;
  let before: Promise<unknown> = Promise.resolve();
  onMessages(client, (command) => {
    waiting += 1;
    if (waiting > WAITING_MAX) client.destroy();
    // QMP answers commands in their order.
    const answered = Promise.all([answerTo(command, commands), before]).then(
      ([answer]) => {
        // QMP sends events only after the negotiation of capabilities.
        if (command.execute === "qmp_capabilities") clients.add(client);
        send(client, "id" in command ? { ...answer, id: command.id } : answer);
      },
      (error: unknown) => {
        process.stderr.write(`cofferdam: a command of QMP failed: ${String(error)}\n`);
        client.destroy();
      },
    );
    before = answered.then(() => {
      waiting -= 1;
    });
  });
}

async function answerTo(command: Message, commands: Commands): Promise<Message> {
  if (typeof command.execute !== "string")
    return { error: { class: "GenericError", desc: "a command says what is to be executed" } };
  if (command.execute === "qmp_capabilities") return { return: {} };
  try {
    const { id: _, ...rest } = command;
    return await commands.pass(rest);
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    return { error: { class: "GenericError", desc: `cofferdam: ${error.message}: ${error.help}` } };
  }
}
