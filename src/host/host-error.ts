import { ExitCode } from "./exit-code.ts";

/** Printed as `cofferdam: message`, then the help line; exit status `unavailable` by default. */
export class HostError extends Error {
  readonly help: string;
  readonly exitCode: ExitCode;

  constructor(message: string, help: string, exitCode: ExitCode = ExitCode.unavailable) {
    super(message);
    this.name = "HostError";
    this.help = help;
    this.exitCode = exitCode;
  }
}
