/** `help`: what to do. */
export class ApiError extends Error {
  readonly status: number;
  readonly help: string;

  constructor(status: number, message: string, help: string) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.help = help;
  }
}
