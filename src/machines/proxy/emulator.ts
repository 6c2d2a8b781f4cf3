import type { Socket } from "node:net";
import { type Message, onMessages, send } from "./lines.ts";

/**
 * The connection to the emulator's own monitor. It sends one command at a time, so the next answer
 * belongs to it. The emulator is hostile: what it says is only passed on.
 */
export class Emulator {
  readonly #socket: Socket;
  readonly greeting: Promise<Message>;
  #answered: ((answer: Message) => void) | null = null;
  #turn: Promise<unknown> = Promise.resolve();
  readonly #events: ((event: Message) => void)[] = [];

  constructor(socket: Socket) {
    this.#socket = socket;
    let greeted: (greeting: Message) => void = () => undefined;
    this.greeting = new Promise((resolve) => {
      greeted = resolve;
    });
    onMessages(socket, (message) => {
      if ("QMP" in message) greeted(message);
      else if ("event" in message) for (const tell of this.#events) tell(message);
      else this.#answered?.(message);
    });
    // A broken connection needs no report: the emulator's process ends with it, and that is
    // noticed.
    socket.on("error", () => socket.destroy());
    socket.on("close", () =>
      this.#answered?.({ error: { class: "GenericError", desc: "the machine is off" } }),
    );
    void this.greeting.then(() => this.execute({ execute: "qmp_capabilities" }));
  }

  onEvent(tell: (event: Message) => void): void {
    this.#events.push(tell);
  }

  /** The emulator's answer, without the `id` that the proxy added. */
  execute(command: Message): Promise<Message> {
    const answer = this.#turn.then(
      () =>
        new Promise<Message>((resolve) => {
          if (this.#socket.destroyed)
            resolve({ error: { class: "GenericError", desc: "the machine is off" } });
          this.#answered = resolve;
          send(this.#socket, command);
        }),
    );
    this.#turn = answer;
    return answer;
  }
}
