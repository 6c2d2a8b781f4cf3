import { ExitCode } from "../../../host/exit-code.ts";
import { machineName } from "../../../machines/machine.ts";
import type { Wanted } from "../../../machines/prepare.ts";
import { CommandError, type CommandOption, type Context, type Options } from "../../command.ts";

export const userOption: CommandOption = {
  flags: "--user <user>",
  description: "the emulator's user; default: the policy's user, or else the caller",
};

/** The machine's name and the emulator's command line. @throws CommandError */
export function wantedMachine(
  { places }: Context,
  words: readonly string[],
  options: Options,
): Wanted {
  if (!places.asRoot)
    throw new CommandError(
      "virtual machines are root's",
      "sudo cofferdam vm ..., with --user for the emulator",
    );
  const [name = "", program, ...args] = words;
  if (program === undefined)
    throw new CommandError(
      "no emulator is named",
      "cofferdam vm run NAME -- qemu-system-x86_64 ...",
      ExitCode.usage,
    );
  const user = typeof options.user === "string" ? options.user : null;
  return { name: machineName(name), program, args, folder: process.cwd(), user };
}
