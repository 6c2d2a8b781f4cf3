import { setTimeout as pause } from "node:timers/promises";
import { HostError } from "../../host/host-error.ts";
import { additionOf, plugging, removalOf, unplugging } from "../qemu/plugging.ts";
import type { Grants } from "./granted.ts";
import type { Execute, Handler } from "./handler.ts";
import { type Message, membersOf } from "./lines.ts";

/**
 * How long the proxy waits for the emulator's answer to a removal, milliseconds. After that the
 * grant is withdrawn anyway.
 */
const ANSWER_WAIT_MS = 10_000;

/**
 * Hot-plugging: the grant is made before the emulator gets the command, and withdrawn after the
 * emulator has removed the device.
 */
export class Plugged implements Handler {
  readonly commands = [...plugging.keys(), ...unplugging.keys()];
  readonly events = ["DEVICE_DELETED"];
  readonly #granted: Grants;
  readonly #folder: string;
  readonly #waitMs: number;

  /** `folder`: the base of relative names. */
  constructor(granted: Grants, folder: string, waitMs = ANSWER_WAIT_MS) {
    this.#granted = granted;
    this.#folder = folder;
    this.#waitMs = waitMs;
  }

  async pass(command: Message, execute: Execute): Promise<Message> {
    const name = String(command.execute);
    const given = membersOf(command.arguments);
    const removal = removalOf(name, given);
    if (removal !== null) return this.#unplug(removal, () => execute(command));
    const { piece, resources } = additionOf(name, given, this.#folder);
    if (resources.length === 0) return execute(command);
    if (piece === null)
      throw new HostError(`${name} without an id cannot be removed later`, "give it a name");
    await this.#granted.grant(piece, resources);
    const answer = await execute(command);
    if (!("return" in answer)) await this.#granted.forget(piece);
    return answer;
  }

  /** Events come from the hostile emulator: all that they can do is withdraw its own grants. */
  async told({ data }: Message): Promise<void> {
    const { device } = membersOf(data);
    if (typeof device === "string") await this.#granted.forget(`device ${device}`);
  }

  async #unplug(piece: string, execute: () => Promise<Message>): Promise<Message> {
    const answer = execute();
    const soon = await Promise.race([answer, pause(this.#waitMs, null, { ref: false })]);
    if (soon === null || "return" in soon) await this.#granted.forget(piece);
    return answer;
  }
}
