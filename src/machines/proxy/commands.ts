import { HostError } from "../../host/host-error.ts";
import type { Places } from "../../host/places.ts";
import type { Machine } from "../machine.ts";
import { INCOMING } from "../qemu/piece.ts";
import { Granted } from "./granted.ts";
import type { Execute, Handler } from "./handler.ts";
import { Images } from "./images.ts";
import { Lent } from "./lent.ts";
import type { Message } from "./lines.ts";
import { Plugged } from "./plugged.ts";

const descriptors = "name what it stands for, where that is used: no descriptor is passed";

/**
 * Commands that would give the emulator something that no rule can describe, and what to do
 * instead.
 */
const refused: ReadonlyMap<string, string> = new Map([
  ["getfd", descriptors],
  ["add-fd", descriptors],
  ["add_client", descriptors],
]);

/**
 * The commands to one emulator and its events. The proxy handles commands that name something of
 * the host, and passes all others on unchanged. The emulator gets commands in their order, each as
 * soon as its needs are granted. A command that the emulator has not answered delays no other.
 */
export class Commands {
  readonly #handlers: readonly Handler[];
  readonly #execute: Execute;
  #handedOver: Promise<void> = Promise.resolve();

  constructor(places: Places, machine: Machine, execute: Execute) {
    this.#execute = execute;
    const granted = new Granted(places, machine);
    const isComing = machine.placed.resources.some(({ origin }) => origin.piece === INCOMING);
    this.#handlers = [
      new Plugged(granted, machine.folder),
      new Images(granted, machine.folder),
      new Lent(granted, machine.folder, execute, isComing),
    ];
  }

  get named(): readonly string[] {
    return [...refused.keys(), ...this.#handlers.flatMap(({ commands }) => commands)];
  }

  /** The emulator's answer. @throws HostError if the command is not passed on */
  pass(command: Message): Promise<Message> {
    const name = String(command.execute);
    const instead = refused.get(name);
    if (instead !== undefined)
      throw new HostError(`\`${name}\` is not allowed in a domain`, instead);
    return new Promise((resolve, reject) => {
      this.#handedOver = this.#handedOver.then(
        () =>
          new Promise<void>((handedOver) => {
            const execute = (asked: Message): Promise<Message> => {
              const answer = this.#execute(asked);
              handedOver();
              return answer;
            };
            this.#through(execute)(command).finally(handedOver).then(resolve, reject);
          }),
      );
    });
  }

  /** Wraps `execute` in every handler that deals with the command, the first handler outermost. */
  #through(execute: Execute): Execute {
    return this.#handlers.reduceRight<Execute>(
      (inner, handler) => (command) =>
        handler.commands.includes(String(command.execute))
          ? handler.pass(command, inner)
          : inner(command),
      execute,
    );
  }

  async told(event: Message): Promise<void> {
    const handlers = this.#handlers.filter(({ events }) => events.includes(String(event.event)));
    for (const handler of handlers) await handler.told(event, this.#execute);
  }
}
