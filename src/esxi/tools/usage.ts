import { type ParseArgsConfig, parseArgs } from "node:util";
import { ExitCode } from "../../host/exit-code.ts";
import { HostError } from "../../host/host-error.ts";

type Options = NonNullable<ParseArgsConfig["options"]>;

/** Options and operands of a command line. @throws HostError for a wrong one */
export function parseCommandLine<T extends Options>(
  args: readonly string[],
  options: T,
  help: string,
) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw usage(error.message.split(/\. |\n/)[0] ?? "", help);
  }
}

export function usage(message: string, help: string): HostError {
  return new HostError(message, help, ExitCode.usage);
}
