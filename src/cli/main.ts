/**
 * The command line, all of it but `run`, which the native front does itself. One file a command under `commands/`;
 * what several of them need lies beside this file. Entry of `dist/cofferdam.js`.
 */
import { runDialect } from "../esxi/dialect.ts";
import { ExitCode } from "../host/exit-code.ts";
import { ownPlaces } from "../host/places.ts";
import type { Context } from "./command.ts";
import { explainError } from "./explain-error.ts";
import { runCommandLine } from "./program.ts";

/** Columns of what is no terminal, or of one that does not know (a serial console says 0). */
const WIDTH_DEFAULT = 80;

function context(): Context {
  return {
    places: ownPlaces(),
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    width: process.stdout.columns || WIDTH_DEFAULT,
    color: process.stdout.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== "dumb",
  };
}

/** The front's first argument when it was called by another name (`bin/esxi/`). */
const AS = "--as=";

/** Exit status of a program that SIGPIPE ended, as shells have it. Node ignores the signal, and gets an error instead. */
const READER_GONE = 128 + 13;

for (const stream of [process.stdout, process.stderr])
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(READER_GONE);
    throw error;
  });

/** Without HOME an ordinary user has no places; that is said like every other thing a user can do wrong. */
async function start(): Promise<ExitCode> {
  let given: Context;
  try {
    given = context();
  } catch (error) {
    return explainError(error, (text) => void process.stderr.write(text));
  }
  const args = process.argv.slice(2);
  const dialect = args[0]?.startsWith(AS) ? args[0].slice(AS.length) : null;
  return dialect === null ? runCommandLine(args, given) : runDialect(dialect, args.slice(1), given);
}

try {
  process.exitCode = await start();
} catch (error) {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(
    `cofferdam: this should not have happened\n${text}\n  help: please report it with the lines above\n`,
  );
  process.exitCode = ExitCode.internal;
}
