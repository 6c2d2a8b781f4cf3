import { writeSync } from "node:fs";
import { hasCode } from "../../kernel/errno-error.ts";

/**
 * XTerm Control Sequences. Every terminal since the VT100 knows them; one without an alternate
 * screen ignores that part.
 */
const ENTER = "\u001b[?1049h\u001b[?25l\u001b[2J";
const LEAVE = "\u001b[?25h\u001b[?1049l";
const HOME = "\u001b[H";
const TO_END_OF_LINE = "\u001b[K";
const TO_END_OF_SCREEN = "\u001b[J";
const INVERTED = "\u001b[7m";
const PLAIN = "\u001b[m";

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export interface Screen {
  /** They fit the terminal and contain no control characters. */
  readonly lines: readonly string[];
  /** The line to show inverted; null for none. */
  readonly titles: number | null;
}

/** For a terminal that does not say. */
const SIZE_DEFAULT: Size = { columns: 80, rows: 24 };

const ending = ["SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT"] as const;

export interface TerminalEvents {
  readonly keys: (text: string) => void;
  /** Draw: the size has changed, or this process is in the foreground again. */
  readonly changed: () => void;
}

/**
 * The caller's terminal while it shows a whole screen. Its settings are restored however this
 * process ends, except by SIGKILL.
 */
export class Terminal {
  readonly #events: TerminalEvents;
  #shown = false;

  constructor(events: TerminalEvents) {
    this.#events = events;
  }

  static isOne(): boolean {
    return (
      process.stdin.isTTY === true && process.stdout.isTTY === true && process.env.TERM !== "dumb"
    );
  }

  get size(): Size {
    const { columns, rows } = process.stdout;
    return { columns: columns || SIZE_DEFAULT.columns, rows: rows || SIZE_DEFAULT.rows };
  }

  open(): void {
    process.on("exit", this.#restore);
    for (const signal of ending) process.on(signal, this.#end);
    process.on("SIGTSTP", this.suspend);
    process.on("SIGCONT", this.#take);
    process.stdin.setEncoding("utf8");
    process.stdin.on("data", this.#events.keys);
    process.stdin.on("end", this.#gone);
    process.stdin.on("error", this.#gone);
    process.stdout.on("resize", this.#events.changed);
    this.#take();
  }

  close(): void {
    this.#restore();
    process.off("exit", this.#restore);
    for (const signal of ending) process.off(signal, this.#end);
    process.off("SIGTSTP", this.suspend);
    process.off("SIGCONT", this.#take);
    process.stdin.off("data", this.#events.keys);
    process.stdin.off("end", this.#gone);
    process.stdin.off("error", this.#gone);
    process.stdout.off("resize", this.#events.changed);
    process.stdin.pause();
  }

  draw({ lines, titles }: Screen): void {
    if (!this.#shown) return;
    // Cleared before it is written: behind a line of full width the cursor stands on its last
    // character, which clearing would take along.
    const styled = lines.map((line, at) => {
      const clear = at === lines.length - 1 ? TO_END_OF_SCREEN : TO_END_OF_LINE;
      return clear + (at === titles ? `${INVERTED}${line}${PLAIN}` : line);
    });
    process.stdout.write(`${HOME}${styled.join("\r\n")}`);
  }

  /** On ^Z gives the terminal back and stops, until the shell continues it (`fg`). */
  suspend = (): void => {
    this.#restore();
    process.kill(process.pid, "SIGSTOP");
  };

  #take = (): void => {
    if (!this.#shown) {
      process.stdin.setRawMode(true);
      process.stdin.resume();
      writeNow(ENTER);
      this.#shown = true;
    }
    this.#events.changed();
  };

  #restore = (): void => {
    if (!this.#shown) return;
    this.#shown = false;
    writeNow(LEAVE);
    process.stdin.setRawMode(false);
  };

  /**
   * The terminal has hung up. Exits at once, because Node aborts at an orderly exit if it cannot
   * restore the settings.
   */
  #gone = (): void => {
    this.#end("SIGHUP");
  };

  /** Dies of the same signal, so that the parent sees which one. */
  #end = (signal: NodeJS.Signals): void => {
    this.close();
    process.kill(process.pid, signal);
  };
}

/** Writes synchronously. Ignores an error, because a terminal that is gone needs no restoring. */
function writeNow(text: string): void {
  try {
    writeSync(process.stdout.fd, text);
  } catch (error) {
    if (!hasCode(error, "EIO", "EPIPE", "EAGAIN")) throw error;
  }
}
