import { HostError } from "../../host/host-error.ts";
import type { Reading } from "../../sessions/view/reading.ts";
import { keysIn } from "../terminal/keys.ts";
import { Terminal } from "../terminal/terminal.ts";
import type { ViewSource } from "../view/source.ts";
import { type Frame, frameOf } from "./frame.ts";
import { DELAY_MIN_S, react } from "./keys.ts";
import { type Choices, drawScreen, firstChoices, rowsOf, rowsOn } from "./screen.ts";

/** Shows the live view on the caller's terminal. @throws HostError if the first reading fails */
export async function runLive(source: ViewSource, delay: number): Promise<void> {
  const view = new LiveView(source, await source.reading(), { ...firstChoices, delay });
  await view.run();
}

class LiveView {
  readonly #source: ViewSource;
  readonly #terminal: Terminal;
  #before: Reading;
  #frame: Frame;
  #choices: Choices;
  #message: string | null = null;
  #ended = false;
  /** Ends the wait for the next reading. */
  #wake: () => void = () => undefined;

  constructor(source: ViewSource, first: Reading, choices: Choices) {
    this.#source = source;
    this.#before = first;
    this.#frame = frameOf(null, first);
    this.#choices = choices;
    this.#terminal = new Terminal({
      keys: (text) => {
        for (const key of keysIn(text)) this.#press(key);
      },
      changed: () => this.#draw(),
    });
  }

  async run(): Promise<void> {
    this.#terminal.open();
    try {
      // The second reading comes soon whatever the delay, because rates need two.
      await this.#wait(DELAY_MIN_S);
      while (!this.#ended) {
        await this.#read();
        if (!this.#ended) await this.#wait(this.#choices.delay);
      }
    } finally {
      this.#terminal.close();
    }
  }

  /** If a reading fails, the old figures stay, with the reason; a later one may succeed. */
  async #read(): Promise<void> {
    try {
      const now = await this.#source.reading();
      this.#frame = frameOf(this.#before, now);
      this.#before = now;
      this.#message = null;
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      this.#message = `these figures are old: ${error.message}`;
    }
    this.#draw();
  }

  #press(key: string): void {
    const rows = rowsOf(this.#frame, this.#choices).length;
    const reaction = react(key, this.#choices, rowsOn(this.#terminal.size), rows);
    if (reaction === null) return;
    if (reaction.kind === "quit") this.#quit();
    else if (reaction.kind === "suspend") this.#terminal.suspend();
    else if (reaction.kind === "read") this.#wake();
    else {
      const isNewDelay = reaction.choices.delay !== this.#choices.delay;
      this.#choices = reaction.choices;
      if (isNewDelay) this.#wake();
      this.#draw();
    }
  }

  #draw(): void {
    if (!this.#ended)
      this.#terminal.draw(
        drawScreen(this.#frame, this.#choices, this.#message, this.#terminal.size),
      );
  }

  #quit(): void {
    this.#ended = true;
    this.#wake();
  }

  #wait(seconds: number): Promise<void> {
    if (this.#ended) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, seconds * 1_000);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
