import { CommanderError } from "commander";
import { printableJson, printableLines } from "../base/printable.ts";
import { wrap } from "../base/wrap.ts";
import { ExitCode } from "../host/exit-code.ts";
import { CommandError, type Context } from "./command.ts";

/** Widest message, in columns. */
const MESSAGE_WIDTH_MAX = 80;

/**
 * Prints a user's mistake, or a refusal by the host: two lines, or a JSON record with `severity`,
 * `message`, `help` and the exit `status`. Throws every other error on.
 */
export function explainError(
  error: unknown,
  err: Context["err"],
  form: "text" | "json" = "text",
): ExitCode {
  if (error instanceof CommanderError && error.exitCode === 0) return ExitCode.ok;
  const { message, help, exitCode } = ownWords(error);
  if (form === "json")
    err(
      `${printableJson(JSON.stringify({ severity: "error", message, help, status: exitCode }))}\n`,
    );
  else {
    const text = wrap(`cofferdam: ${printableLines(message)}`, MESSAGE_WIDTH_MAX, "  ");
    err(`${text}\n${wrap(`  help: ${printableLines(help)}`, MESSAGE_WIDTH_MAX, " ".repeat(8))}\n`);
  }
  return exitCode;
}

function ownWords(error: unknown): CommandError {
  if (error instanceof CommandError) return error;
  if (!(error instanceof CommanderError)) throw error;
  // Commander throws an error of this name after it has shown only a help text.
  const message =
    error.code === "commander.help" ? "no command is given" : error.message.replace(/^error: /, "");
  return new CommandError(message.replaceAll("\n", " "), "--help tells how", ExitCode.usage);
}
