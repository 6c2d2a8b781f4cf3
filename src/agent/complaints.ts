/** Reports a lasting problem once, and again when it has changed or recurred. */
export class Complaints {
  readonly #log: (text: string) => void;
  readonly #said = new Map<string, string>();

  constructor(log: (text: string) => void) {
    this.#log = log;
  }

  /** `state`: what must change before the problem is reported again. */
  say(about: string, text: string, state = text): void {
    if (this.#said.get(about) === state) return;
    this.#said.set(about, state);
    this.#log(text);
  }

  over(about: string): void {
    this.#said.delete(about);
  }

  /**
   * For work of a timer or a watch, whose errors no caller catches: reports a failure and returns
   * false. The next turn tries again.
   */
  try(about: string, work: () => void): boolean {
    try {
      work();
    } catch (error) {
      this.#failed(about, error);
      return false;
    }
    this.over(about);
    return true;
  }

  async tryTo(about: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
      this.over(about);
    } catch (error) {
      this.#failed(about, error);
    }
  }

  #failed(about: string, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    // A message may name a scratch file that has another name each time.
    const code = error instanceof Error && "code" in error ? String(error.code) : message;
    this.say(about, `${about}: ${message}`, code);
  }
}
