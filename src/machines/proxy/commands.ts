import type { Places } from "../../host/places.ts";
import type { Machine } from "../machine.ts";
import { Granted } from "./granted.ts";
import type { Execute, Handler } from "./handler.ts";
import type { Message } from "./lines.ts";
import { Migrations } from "./migrations.ts";
import { Plugged } from "./plugged.ts";

/** Commands and events of one machine, one after the other: who names something of the host is dealt with, and every other one is passed on as it is. */
export class Commands {
  readonly #handlers: readonly Handler[];
  readonly #execute: Execute;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(places: Places, machine: Machine, execute: Execute) {
    this.#execute = execute;
    const granted = new Granted(places, machine);
    this.#handlers = [
      new Plugged(granted, machine.folder),
      new Migrations(granted, machine.folder, (work) => this.#next(() => work(execute))),
    ];
  }

  /** The answer. @throws HostError for what is not passed on */
  pass(command: Message): Promise<Message> {
    const handler = this.#handlers.find(({ commands }) => commands.includes(String(command.execute)));
    return this.#next(() => handler?.pass(command, this.#execute) ?? this.#execute(command));
  }

  /** An event of the emulator's. */
  async told(event: Message): Promise<void> {
    const handlers = this.#handlers.filter(({ events }) => events.includes(String(event.event)));
    for (const handler of handlers) await this.#next(() => handler.told(event, this.#execute));
  }

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
