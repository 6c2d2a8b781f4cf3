/** State of the host's domains that cannot be used as it is; nothing was changed. */
export class StateError extends Error {
  /** What to do. */
  readonly help: string;

  constructor(message: string, help: string) {
    super(message);
    this.name = "StateError";
    this.help = help;
  }
}
