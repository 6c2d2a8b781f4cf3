import { HostError } from "../../host/host-error.ts";
import { resourcesOfOption } from "../qemu/command-line.ts";
import type { Granted } from "./granted.ts";
import type { Execute, Handler } from "./handler.ts";
import type { Message } from "./lines.ts";

/** Commands that name something of the host, the option that says the same, and the argument that has the name of what was made. */
const plugging: Readonly<Record<string, { readonly option: string; readonly id: string }>> = {
  "blockdev-add": { option: "blockdev", id: "node-name" },
  netdev_add: { option: "netdev", id: "id" },
  "object-add": { option: "object", id: "id" },
  device_add: { option: "device", id: "id" },
};
/** Commands that end what was made at once; a device ends with the event DEVICE_DELETED. */
const unplugging: Readonly<Record<string, { readonly kind: string; readonly id: string }>> = {
  "blockdev-del": { kind: "blockdev", id: "node-name" },
  netdev_del: { kind: "netdev", id: "id" },
  "object-del": { kind: "object", id: "id" },
};

/** What is plugged into a machine that is on: granted before the emulator is asked, taken away after it has let go. */
export class Plugged implements Handler {
  readonly commands = [...Object.keys(plugging), ...Object.keys(unplugging)];
  readonly events = ["DEVICE_DELETED"];
  readonly #granted: Granted;
  readonly #folder: string;

  /** `folder`: what relative names start from. */
  constructor(granted: Granted, folder: string) {
    this.#granted = granted;
    this.#folder = folder;
  }

  async pass(command: Message, execute: Execute): Promise<Message> {
    const name = String(command.execute);
    const given = (command.arguments ?? {}) as Message;
    const plug = plugging[name];
    if (plug !== undefined) return this.#plug(plug.option, String(given[plug.id] ?? ""), given, () => execute(command));
    const answer = await execute(command);
    const unplug = unplugging[name];
    if (unplug !== undefined && "return" in answer)
      await this.#granted.forget(`${unplug.kind} ${String(given[unplug.id])}`);
    return answer;
  }

  told(event: Message): Promise<void> {
    const { device } = (event.data ?? {}) as Message;
    return this.#granted.forget(`device ${String(device)}`);
  }

  async #plug(option: string, id: string, given: Message, execute: () => Promise<Message>): Promise<Message> {
    const { resources } = resourcesOfOption(option, JSON.stringify(given), this.#folder);
    if (resources.length === 0) return execute();
    const key = `${option} ${id}`;
    if (id === "") throw new HostError(`${option} without a name cannot be taken away again`, "give it a name");
    if (this.#granted.has(key)) throw new HostError(`there is ${key} already`, "give it another name");
    await this.#granted.grant(key, resources);
    const answer = await execute();
    if ("error" in answer) await this.#granted.forget(key);
    return answer;
  }
}
