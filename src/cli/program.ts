import { CommanderError, Command as Parser } from "commander";
import { wrap } from "../diagnostics/wrap.ts";
import type { Command, CommandOption, Context } from "./command.ts";
import { CommandError } from "./command.ts";
import { commands } from "./commands.ts";
import { ExitCode } from "../host/exit-code.ts";

/** Widest help text, in columns. */
const HELP_WIDTH_MAX = 80;

/** Runs one command line (without node and script) and says how it ended. Never throws for what a user can do wrong. */
export async function runCommandLine(args: readonly string[], context: Context): Promise<ExitCode> {
  let exitCode: ExitCode = ExitCode.ok;
  const parser = newParser("cofferdam", context)
    .description("A security domain of its own for every daemon of this host.")
    .version("0.1.0", "-V, --version")
    .usage("COMMAND [ARGUMENT...]");
  for (const command of commands) {
    parser.addCommand(
      commandParser(command, context, async (operands, options) => {
        exitCode = await command.run(context, operands, options);
      }),
    );
  }
  try {
    await parser.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    return explainError(error, context.err);
  }
}

type Action = (operands: readonly string[], options: Record<string, string | boolean>) => Promise<void>;

function commandParser(command: Command, context: Context, action: Action): Parser {
  const parser = newParser(command.name, context)
    .summary(command.summary)
    .description(command.description.join("\n\n"));
  for (const { name, description } of command.operands) parser.argument(name, description);
  for (const option of command.options) addOption(parser, option);
  const lines = command.examples.map(({ line, what }) => `  ${line}\n      ${what}`);
  parser.addHelpText("after", `\nExamples:\n${lines.join("\n")}`);
  return parser.action(async () => {
    await action(parser.args, parser.opts());
  });
}

function addOption(parser: Parser, { flags, description, repeated }: CommandOption): void {
  if (!repeated) parser.option(flags, description);
  else parser.option(flags, description, (value: string, before: readonly string[]) => [...before, value], []);
}

function newParser(name: string, context: Context): Parser {
  return new Parser(name)
    .exitOverride()
    .showHelpAfterError(`(${name === "cofferdam" ? name : `cofferdam ${name}`} --help tells how)`)
    .configureOutput({
      writeOut: context.out,
      writeErr: context.err,
      getOutHelpWidth: () => Math.min(context.width, HELP_WIDTH_MAX),
      getErrHelpWidth: () => Math.min(context.width, HELP_WIDTH_MAX),
      outputError: (text, write) => write(text.replace(/^error: /, "cofferdam: ")),
    });
}

/** Says what a user did wrong, or what the host refused, in two lines. Everything else is thrown on. */
export function explainError(error: unknown, err: Context["err"]): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
  if (error instanceof CommandError) {
    const help = wrap(`  help: ${error.help}`, HELP_WIDTH_MAX, " ".repeat(8));
    err(`${wrap(`cofferdam: ${error.message}`, HELP_WIDTH_MAX, "  ")}\n${help}\n`);
    return error.exitCode;
  }
  throw error;
}
