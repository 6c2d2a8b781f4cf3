import { translated } from "../esxi/translated.ts";
import type { ExitCode } from "../host/exit-code.ts";
import { HostError } from "../host/host-error.ts";
import type { Command, Context } from "./command.ts";
import { runCommandLine } from "./program.ts";

/**
 * Runs a command of ESXi that is one of `commands` under another name; null if `name` is no such
 * command.
 */
export async function runCalledAs(
  name: string,
  args: readonly string[],
  context: Context,
  commands: readonly Command[],
): Promise<ExitCode | null> {
  if (!Object.hasOwn(translated, name)) return null;
  try {
    return await runCommandLine(translated[name]?.(args) ?? [], context, commands);
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    context.err(`${name}: ${error.message}\n  help: ${error.help}\n`);
    return error.exitCode;
  }
}
