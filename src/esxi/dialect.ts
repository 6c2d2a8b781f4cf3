/**
 * The commands of ESXi under their own names: `bin/esxi/NAME` is this program, called by another
 * name. Their output has ESXi's form; their effect is Cofferdam's. The command line calls {@link
 * runDialect}; nothing here imports the command line.
 */
import { printableLines } from "../base/printable.ts";
import { ExitCode } from "../host/exit-code.ts";
import { HostError } from "../host/host-error.ts";
import type { Dialect, DialectContext } from "./dialect-command.ts";
import { advcfg } from "./tools/advcfg.ts";
import { esxcli } from "./tools/esxcli.ts";
import { ps } from "./tools/ps.ts";
import { secpolicytools } from "./tools/secpolicytools.ts";

const dialects: Readonly<Record<string, Dialect>> = {
  secpolicytools,
  esxcli,
  "esxcfg-advcfg": advcfg,
  ps,
};

/** Runs a command of ESXi; messages begin with its name. */
export async function runDialect(
  name: string,
  args: readonly string[],
  context: DialectContext,
): Promise<ExitCode> {
  const run = Object.hasOwn(dialects, name) ? dialects[name] : undefined;
  try {
    if (run === undefined)
      throw new HostError(`there is no command \`${name}\``, "use cofferdam", ExitCode.usage);
    return await run(args, context);
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    const help = printableLines(error.help.trimEnd()).replaceAll("\n", "\n        ");
    context.err(`${name}: ${printableLines(error.message)}\n  help: ${help}\n`);
    return error.exitCode;
  }
}
