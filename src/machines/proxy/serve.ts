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
 * Commands of one client, and events of the emulator, that wait for their turn: a sender of more is
 * disconnected.
 */
const WAITING_MAX = 10_000;

/** What the proxy of QMP works with. */
export interface Served {
  readonly places: Places;
  readonly machine: Machine;
  /** Where QMP is to be served. */
  readonly monitors: readonly Monitor[];
  /** The owner of the sockets. */
  readonly owner: Owner;
  /** The emulator's own monitor, the greeting not yet read. */
  readonly emulator: Socket;
}

/**
 * Serves QMP in the emulator's place for as long as the emulator is connected. What a command names
 * is granted before it is passed on.
 * @throws HostError where a socket cannot be served
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
    // A client that is told that a device is gone may rely on it: the grant is taken away first.
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
    // Answers come in the order of the questions, as QMP has it.
    const answered = Promise.all([answerTo(command, commands), before]).then(
      ([answer]) => {
        // Events come after the capabilities were settled, as QMP has it.
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
