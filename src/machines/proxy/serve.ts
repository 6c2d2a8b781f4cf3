import { chmodSync, chownSync, lstatSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { HostError } from "../../host/host-error.ts";
import type { Places } from "../../host/places.ts";
import type { Monitor } from "../description.ts";
import type { Machine } from "../machine.ts";
import { Emulator } from "./emulator.ts";
import { type Message, onMessages, send } from "./lines.ts";
import { Plugged } from "./plugged.ts";

/** What the proxy of QMP works with. */
export interface Served {
  readonly places: Places;
  readonly machine: Machine;
  /** Where QMP is to be served. */
  readonly monitors: readonly Monitor[];
  /** Whose the sockets are. */
  readonly owner: { readonly uid: number; readonly gid: number };
  /** The emulator's own monitor, the greeting not yet read. */
  readonly emulator: Socket;
}

const SOCKET_MODE = 0o600;

/** Serves QMP in the emulator's place for as long as the emulator is connected. What a command names is granted before it is passed on. */
export function serveMonitor({ places, machine, monitors, owner, emulator: socket }: Served): void {
  const emulator = new Emulator(socket);
  const plugged = new Plugged(places, machine);
  const clients = new Set<Socket>();
  emulator.onEvent((event) => {
    // Who hears that a device is gone may rely on it: the grant goes first.
    const pass = (): void => {
      for (const client of clients) send(client, event);
    };
    void plugged.told(event).then(pass, (error: unknown) => {
      process.stderr.write(`cofferdam: what was unplugged is still granted: ${String(error)}\n`);
      pass();
    });
  });
  const servers = monitors.map(({ path }) => {
    if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true) rmSync(path);
    const server = createServer((client) => serveClient(client, emulator, plugged, clients));
    server.listen(path, () => {
      chmodSync(path, SOCKET_MODE);
      chownSync(path, owner.uid, owner.gid);
    });
    return server;
  });
  socket.once("close", () => {
    for (const server of servers) server.close();
    for (const client of clients) client.destroy();
  });
}

function serveClient(client: Socket, emulator: Emulator, plugged: Plugged, clients: Set<Socket>): void {
  void emulator.greeting.then((greeting) => send(client, greeting));
  client.on("error", () => client.destroy());
  client.once("close", () => clients.delete(client));
  onMessages(client, (command) => {
    void answerTo(command, emulator, plugged).then((answer) => {
      // Events come after the capabilities were settled, as QMP has it.
      if (command.execute === "qmp_capabilities") clients.add(client);
      send(client, "id" in command ? { ...answer, id: command.id } : answer);
    });
  });
}

async function answerTo(command: Message, emulator: Emulator, plugged: Plugged): Promise<Message> {
  if (command.execute === "qmp_capabilities") return { return: {} };
  try {
    const { id: _, ...rest } = command;
    return await plugged.pass(rest, () => emulator.execute(rest));
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    return { error: { class: "GenericError", desc: `cofferdam: ${error.message}: ${error.help}` } };
  }
}
