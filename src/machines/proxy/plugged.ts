import { HostError } from "../../host/host-error.ts";
import type { Places } from "../../host/places.ts";
import { type Machine, readMachine } from "../machine.ts";
import { placeResources } from "../place.ts";
import { putInForce } from "../put-in-force.ts";
import { resourcesOfOption } from "../qemu/command-line.ts";
import { differences, mergeAccepted, readAccepted, writeAccepted } from "../record.ts";
import type { Resource } from "../resource.ts";
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

/** What was plugged into a machine that is on, and its policy with it: granted before the emulator is asked, taken away after it has let go. */
export class Plugged {
  readonly #places: Places;
  readonly #machine: Machine;
  /** By option and name. */
  readonly #resources = new Map<string, readonly Resource[]>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(places: Places, machine: Machine) {
    this.#places = places;
    this.#machine = machine;
  }

  /** Passes a command on by `execute`; what it needs is granted meanwhile. @throws HostError for what no rule can describe, or that cannot be granted */
  pass(command: Message, execute: () => Promise<Message>): Promise<Message> {
    return this.#next(async () => {
      const name = String(command.execute);
      const given = (command.arguments ?? {}) as Message;
      const plug = plugging[name];
      if (plug !== undefined) return this.#plug(plug.option, String(given[plug.id] ?? ""), given, execute);
      const answer = await execute();
      const unplug = unplugging[name];
      if (unplug !== undefined && "return" in answer) await this.#forget(`${unplug.kind} ${String(given[unplug.id])}`);
      return answer;
    });
  }

  /** An event of the emulator's. */
  told(event: Message): Promise<void> {
    if (event.event !== "DEVICE_DELETED") return Promise.resolve();
    const { device } = (event.data ?? {}) as Message;
    return this.#next(() => this.#forget(`device ${String(device)}`));
  }

  async #plug(option: string, id: string, given: Message, execute: () => Promise<Message>): Promise<Message> {
    const { resources } = resourcesOfOption(option, JSON.stringify(given), this.#machine.folder);
    if (resources.length === 0) return execute();
    const key = `${option} ${id}`;
    if (id === "") throw new HostError(`${option} without a name cannot be taken away again`, "give it a name");
    if (this.#resources.has(key)) throw new HostError(`there is ${key} already`, "give it another name");
    this.#resources.set(key, resources);
    try {
      await this.#apply();
    } catch (error) {
      this.#resources.delete(key);
      throw error;
    }
    const answer = await execute();
    if ("error" in answer) await this.#forget(key);
    return answer;
  }

  async #forget(key: string): Promise<void> {
    if (this.#resources.delete(key)) await this.#apply();
  }

  /** The policy of what it was started with and of what is plugged now. */
  async #apply(): Promise<void> {
    const start = this.#machine.placed;
    const more = placeResources([...this.#resources.values()].flat());
    const { accepted } = this.#places.system.machines;
    // A refresh meanwhile followed links anew.
    const now = readMachine(this.#places.system.machines, this.#machine.name)?.placed ?? start;
    const before = readAccepted(accepted, this.#machine.name) ?? start;
    const changed = differences(before, more);
    if (changed.length > 0)
      throw new HostError(`not as it was accepted: ${changed.join("; ")}`, "cofferdam vm accept, with the machine off");
    const placed = {
      ...start,
      resources: [...start.resources, ...more.resources],
      names: { ...start.names, ...now.names, ...more.names },
      parents: { ...start.parents, ...more.parents },
    };
    await putInForce(this.#places, { ...this.#machine, placed });
    writeAccepted(accepted, this.#machine.name, mergeAccepted(before, more));
  }

  /** One change after the other. */
  #next<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    // Its caller hears what went wrong; the next one begins all the same.
    this.#turn = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  }
}
