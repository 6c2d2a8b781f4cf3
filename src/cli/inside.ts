/**
 * `cofferdam` inside the sandboxed shell, also called `esxtop` and `support-util`. It has `top` and
 * `support`, which ask the session server. The entry of `shell/view.mjs`; that file loads no other,
 * because the sandbox can read only its own folder of the installation.
 */
import { basename, dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { printable } from "../base/printable.ts";
import { ExitCode } from "../host/exit-code.ts";
import { places, systemPlaces } from "../host/places.ts";
import { runCalledAs } from "./called-as.ts";
import { CommandError } from "./command.ts";
import { contextOf, endWithReader } from "./context.ts";
import { explainError } from "./explain-error.ts";
import { runCommandLine } from "./program.ts";
import { supportOf } from "./support/support-command.ts";
import { topOf } from "./top/top-command.ts";
import { collectedOf, viewOf } from "./view/session-server.ts";

const socket = systemPlaces().sessions.view;
const commands = [topOf(() => viewOf(socket)), supportOf(() => collectedOf(socket))];

async function start(): Promise<ExitCode> {
  const home = dirname(dirname(fileURLToPath(import.meta.url)));
  const context = contextOf(places({ uid: process.geteuid?.() ?? 0, env: process.env, home }));
  const args = process.argv.slice(2);
  const name = basename(process.argv[1] ?? "");
  const called = await runCalledAs(name, args, context, commands);
  if (called !== null) return called;
  refuseOthers(args[0]);
  return runCommandLine(args, context, commands);
}

function refuseOthers(word: string | undefined): void {
  const known = [...commands.map(({ name }) => name), "help"];
  if (word === undefined || word.startsWith("-") || known.includes(word)) return;
  throw new CommandError(
    `\`${printable(word)}\` is not for the sandboxed shell: it has top and support`,
    "supershell leads out of it, for those who may",
    ExitCode.usage,
  );
}

endWithReader();
try {
  process.exitCode = await start();
} catch (error) {
  process.exitCode = explainError(error, (text) => void process.stderr.write(text));
}
