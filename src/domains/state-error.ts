/** State of the host's domains cannot be used; nothing was changed. */
export class StateError extends Error {
  readonly help: string;

  constructor(message: string, help: string) {
    super(message);
    this.name = "StateError";
    this.help = help;
  }
}
