/**
 * The command line without `run`, which the native front does itself. `commands/` has one file per
 * command; code that several of them share is in this folder. The entry of `dist/cofferdam.js`.
 */
import { runDialect } from "../esxi/dialect.ts";
import { ExitCode } from "../host/exit-code.ts";
import { ownPlaces } from "../host/places.ts";
import { runCalledAs } from "./called-as.ts";
import type { Context } from "./command.ts";
import { commands } from "./commands.ts";
import { contextOf, endWithReader } from "./context.ts";
import { explainError } from "./explain-error.ts";
import { runCommandLine } from "./program.ts";

/** The front's first argument if it was called under another name (`bin/esxi/`). */
const AS = "--as=";

endWithReader();

/** Without HOME an ordinary user has no places, and gets the same message as for other mistakes. */
async function start(): Promise<ExitCode> {
  let given: Context;
  try {
    given = contextOf(ownPlaces());
  } catch (error) {
    return explainError(error, (text) => void process.stderr.write(text));
  }
  const args = process.argv.slice(2);
  const dialect = args[0]?.startsWith(AS) ? args[0].slice(AS.length) : null;
  if (dialect === null) return runCommandLine(args, given, commands);
  const rest = args.slice(1);
  return (await runCalledAs(dialect, rest, given, commands)) ?? runDialect(dialect, rest, given);
}

try {
  process.exitCode = await start();
} catch (error) {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(
    `cofferdam: this should not have happened\n${text}\n  help: please report it with the ` +
      `lines above\n`,
  );
  process.exitCode = ExitCode.internal;
}
