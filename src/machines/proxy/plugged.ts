import { setTimeout as pause } from "node:timers/promises";
import { HostError } from "../../host/host-error.ts";
import { additionOf, plugging, removalOf, unplugging } from "../qemu/plugging.ts";
import type { Grants } from "./granted.ts";
import type { Execute, Handler } from "./handler.ts";
import { type Message, membersOf } from "./lines.ts";

/**
 * An order to remove something that the emulator has not answered by then is followed all the same.
 */
const ANSWER_WAIT_MS = 10_000;

/**
 * What is plugged into a machine that is on, and taken out: granted before the emulator is asked,
 * taken away after it has let go.
 */
export class Plugged implements Handler {
  readonly commands = [...plugging.keys(), ...unplugging.keys()];
  readonly events = ["DEVICE_DELETED"];
  readonly #granted: Grants;
  readonly #folder: string;
  readonly #waitMs: number;

  /** `folder`: what relative names start from. */
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
      throw new HostError(`${name} without a name cannot be taken away again`, "give it a name");
    await this.#granted.grant(piece, resources);
    const answer = await execute(command);
    if (!("return" in answer)) await this.#granted.forget(piece);
    return answer;
  }

  /** The emulator may say anything at any rate: at most it takes something from itself. */
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
