import { ExitCode } from "../../host/exit-code.ts";
import { domainNames } from "../../host/load.ts";
import { type Command, CommandError } from "../command.ts";
import { bashCompletion } from "../completion/bash.ts";
import { fishCompletion } from "../completion/fish.ts";
import { zshCompletion } from "../completion/zsh.ts";

const shells = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;

export const completion = (commands: () => readonly Command[]): Command => ({
  name: "completion",
  operands: [{ name: "[shell]", description: "bash, zsh or fish" }],
  summary: "print the completion script of a shell",
  description: [
    "The script completes commands, options and names of domains.",
    "Exit status: 0; 2 for an unknown shell.",
  ],
  options: [
    { flags: "--words <kind>", description: "what the scripts ask for: domains", hidden: true },
  ],
  examples: [
    { line: "source <(cofferdam completion bash)", what: "in ~/.bashrc" },
    { line: "cofferdam completion zsh > ~/.zfunc/_cofferdam", what: "in a folder of fpath" },
    { line: "cofferdam completion fish | source", what: "in config.fish" },
  ],
  run(context, [shell = ""], options) {
    if (options.words === "domains") {
      context.out(
        domainNames(context.places)
          .map((name) => `${name}\n`)
          .join(""),
      );
      return ExitCode.ok;
    }
    if (!Object.hasOwn(shells, shell))
      throw new CommandError(
        `there is no completion for \`${shell}\``,
        `name one of ${Object.keys(shells).join(", ")}`,
        ExitCode.usage,
      );
    context.out(shells[shell as keyof typeof shells](commands()));
    return ExitCode.ok;
  },
});
