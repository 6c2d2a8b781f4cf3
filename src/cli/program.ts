import { CommanderError, Option, Command as Parser } from "commander";
import { ExitCode } from "../host/exit-code.ts";
import type { Command, CommandOption, Context, Options } from "./command.ts";
import { explainError } from "./explain-error.ts";
import { VERSION } from "./version.ts";

/** Widest help text, in columns. */
const HELP_WIDTH_MAX = 80;

/** Runs one command line, given without node and script. Never throws for a user's mistake. */
export async function runCommandLine(
  args: readonly string[],
  context: Context,
  commands: readonly Command[],
): Promise<ExitCode> {
  const form = wantsJson(args) ? "json" : "text";
  const caller: Caller = { context, form, exitCode: ExitCode.ok };
  const parser = newParser("cofferdam", caller)
    .description("A security domain of its own for every daemon of this host.")
    .version(VERSION, "-V, --version")
    .usage("COMMAND [ARGUMENT...]");
  for (const command of commands) parser.addCommand(commandParser(command, [], caller));
  try {
    await parser.parseAsync(args, { from: "user" });
    return caller.exitCode;
  } catch (error) {
    if (error instanceof CommanderError && form === "text")
      return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
    return explainError(error, context.err, form);
  }
}

/** The caller asked for JSON, also if the command line cannot be parsed. */
function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  return (end < 0 ? args : args.slice(0, end)).includes("--json");
}

interface Caller {
  readonly context: Context;
  readonly form: "text" | "json";
  /** Set by the command that ran. */
  exitCode: ExitCode;
}

/** The parser of a command and its sub-commands; `above`: the names that lead to it. */
function commandParser(command: Command, above: readonly string[], caller: Caller): Parser {
  const path = [...above, command.name];
  const parser = newParser(["cofferdam", ...path].join(" "), caller)
    .name(command.name)
    .summary(command.summary)
    .description(command.description.join("\n\n"));
  for (const { name, description } of command.operands) parser.argument(name, description);
  for (const option of command.options) addOption(parser, option);
  if (command.usage !== undefined) parser.usage(`[options] ${command.usage}`);
  for (const below of command.subcommands ?? [])
    parser.addCommand(commandParser(below, path, caller));
  const lines = command.examples.map(({ line, what }) => `  ${line}\n      ${what}`);
  if (lines.length > 0) parser.addHelpText("after", `\nExamples:\n${lines.join("\n")}`);
  if (command.run === undefined) return parser;
  return parser.action(async () => {
    // Commander gives an option that a command shares with its parent to the parent.
    const options: Options = parser.optsWithGlobals();
    caller.exitCode = (await command.run?.(caller.context, parser.args, options)) ?? ExitCode.ok;
  });
}

function addOption(parser: Parser, { flags, description, repeated, hidden }: CommandOption): void {
  const option = new Option(flags, description).hideHelp(hidden === true);
  if (repeated)
    option.argParser((value: string, before?: readonly string[]) => [...(before ?? []), value]);
  parser.addOption(option);
}

function newParser(path: string, { context, form }: Caller): Parser {
  const silent = (): void => undefined;
  return new Parser(path)
    .exitOverride()
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .showHelpAfterError(`(${path} --help tells how)`)
    .configureOutput({
      writeOut: context.out,
      writeErr: form === "json" ? silent : context.err,
      getOutHelpWidth: () => Math.min(context.width, HELP_WIDTH_MAX),
      getErrHelpWidth: () => Math.min(context.width, HELP_WIDTH_MAX),
      outputError: (text, write) => write(text.replace(/^error: /, "cofferdam: ")),
    });
}
